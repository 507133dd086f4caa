"""Every number on a page equals the rows that its link opens, and what plain Python counts."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.clock import to_ms
from gateway.traffic.search import parse
from gateway.traffic.top import Dimension, Measure
from tests.gateway.console.sheet import Sheet
from tests.gateway.contract.oracle import matches
from tests.long import first_of_each

PAGES = [
    "/",
    "/?range=all&q=decision:deny",
    "/traffic",
    "/timeline",
    "/timeline?q=proto:tcp",
    "/rules",
    "/exposed",
    "/conversations",
    *(f"/top?by={dimension}&measure={measure}" for dimension in Dimension for measure in Measure),
]


def size(record):
    return sum(record[key] or 0 for key in ("bytes_src_to_dst", "bytes_dst_to_src"))


def asked_for(address, records):
    """Give the records that the search and the time of an address select, whose ends every such address has."""
    state = parse_qs(urlsplit(address).query)
    search = parse(state.get("q", [""])[0])
    start, end = (to_ms(datetime.fromisoformat(state[name][0])) for name in ("from", "to"))
    return [record for record in records if start <= record["time"] < end and matches(search, record)]


@pytest.mark.parametrize("page", first_of_each(PAGES, 3))
def test_every_number_equals_its_rows(page, team, posted):
    answer = team.reader.get(page)
    assert answer.status_code == 200
    sheet = Sheet.of(answer)
    counted, weighed = sheet.counts("data-count"), sheet.counts("data-bytes")
    assert counted
    for address, number in counted:
        assert len(asked_for(address, posted)) == number, address
    for address, number in weighed:
        assert sum(map(size, asked_for(address, posted))) == number, address
    for address, number in {counted[0], *counted[-3:]}:
        rows = Sheet.of(team.reader.get(address))
        assert rows.counts("data-count")[0][1] == number
        assert len(rows.rows("records")) == min(number, 50)


@pytest.mark.usefixtures("posted")
def test_no_number_of_the_first_page_leads_nowhere(team):
    groups = Sheet.of(team.reader.get("/")).rows("groups")
    assert any(row.kind == "others" for row in groups)
    for row in groups:
        assert [link.said.keys() & {"data-count", "data-bytes"} for link in row.links][:2] == [
            {"data-count"},
            {"data-bytes"},
        ]


def test_the_groups_and_the_others_are_the_whole(team, posted):
    for dimension in Dimension:
        sheet = Sheet.of(team.reader.get(f"/top?by={dimension}"))
        rows = sheet.rows("groups")
        numbers = [int(row.cells[-4].replace(",", "")) for row in rows]
        assert sum(numbers) == len(posted)


def test_the_sources_of_an_exposed_port_are_as_many_as_it_says(team, posted):
    ports = Sheet.of(team.reader.get("/exposed")).rows("ports")
    assert posted
    assert ports
    for row in ports:
        for link in row.links[:2]:
            groups = Sheet.of(team.reader.get(link.address)).rows("groups")
            others = [int(each.cells[0].split()[0]) for each in groups if each.kind == "others"]
            assert len(groups) - len(others) + sum(others) == int(link.text)


def record_page(team):
    """The page of the newest record."""
    sheet = Sheet.of(team.reader.get("/traffic?range=all"))
    return Sheet.of(team.reader.get(next(link.address for link in sheet.links if link.text == "Full record")))


def test_a_cell_leads_to_the_rows_with_the_same_and_to_those_without(team, posted):
    links = [link for link in record_page(team).links if link.text in {"only", "all but"}]
    assert len({link.said["aria-label"] for link in links}) == len(links) == 46
    for same, others in zip(links[::2], links[1::2], strict=True):
        numbers = [Sheet.of(team.reader.get(each.address)).counts("data-count")[0][1] for each in (same, others)]
        assert sum(numbers) == len(posted), same.said
        assert numbers[0] > 0


@pytest.mark.usefixtures("posted")
def test_the_records_of_one_flow_are_a_click_away(team):
    flow = next(link.address for link in record_page(team).links if link.text == "This flow")
    rows = Sheet.of(team.reader.get(flow)).rows("records")
    assert rows
    assert len({tuple(row.cells[2:7]) for row in rows}) == 1
