"""One transfer is shown as its bytes, whoever logged it; as often as it was logged only where a search says by whom."""

import pytest

from gateway.clock import to_ms
from gateway.stores.duckdb.questions import DuckDBQuestions
from tests.gateway.client import record
from tests.gateway.console.sheet import Sheet
from tests.shared.flowlog.test_check import AGENTS

SIZE = 1_000_000
COUNTERS = {"packets_src_to_dst": 700, "bytes_src_to_dst": SIZE, "packets_dst_to_src": 0, "bytes_dst_to_src": 0}
TRANSFER = {"src_ip": "10.1.0.4", "dst_ip": "10.2.0.4", "dst_port": 443} | COUNTERS


@pytest.fixture
def transferred(team, post, clock):
    """Both NICs log a transfer between two machines, one of them in both kinds of logs, and both agents report it."""
    minute = (to_ms(clock.now()) // 60_000 - 5) * 60_000
    vnet = {"source": "vnet", "version": 4, "flow_log_id": "/flowLogs/one"}
    agents = AGENTS | TRANSFER | {"time": minute}
    for each in (
        record(time=minute, mac="000D3A000002", direction="inbound", **TRANSFER, **vnet),
        agents | {"direction": "inbound", "host": "db-1"},
        agents | {"direction": "outbound", "host": "web-1"},
        record(time=minute, mac="000D3A000001", direction="outbound", **TRANSFER),
        record(time=minute, mac="000D3A000001", direction="outbound", **TRANSFER, **vnet),
    ):
        post(team, each)


@pytest.mark.usefixtures("transferred")
@pytest.mark.parametrize(
    "page",
    ["/", "/traffic", "/timeline", "/top?by=source&measure=bytes", "/top?by=pair", "/top?by=port", "/conversations"],
)
def test_a_transfer_counts_once(team, page):
    answer = team.reader.get(page)
    assert {number for address, number in Sheet.of(answer).counts("data-bytes") if "rule" not in address} == {SIZE}
    assert "each flow once" in answer.text


@pytest.mark.usefixtures("transferred")
@pytest.mark.parametrize(
    ("page", "sums"),
    [
        ("/timeline?q=direction:inbound", {2 * SIZE}),
        ("/traffic?q=mac:000D3A000002", {SIZE}),
        ("/traffic?q=source:vnet", {2 * SIZE}),
        ("/timeline?q=host:web-1", {SIZE}),
        ("/timeline?q=-process:nothing", {5 * SIZE}),
        ("/timeline?q=resource:*", {3 * SIZE}),
        ("/timeline?q=flowlog:*", {2 * SIZE}),
        ("/timeline?q=-acl:*", {5 * SIZE}),
        ("/timeline?q=version:4", {2 * SIZE}),
        ("/timeline?q=rule:*", {3 * SIZE}),
        ("/rules", {SIZE, 2 * SIZE}),
        ("/top?by=card", {SIZE, 2 * SIZE}),
        ("/traffic?q=counted:no", {4 * SIZE}),
    ],
)
def test_where_a_search_or_a_group_names_who_saw_it_bytes_are_as_logged(team, page, sums):
    answer = team.reader.get(page)
    assert {number for _, number in Sheet.of(answer).counts("data-bytes")} == sums
    assert "each flow once" not in answer.text


@pytest.mark.usefixtures("transferred")
def test_a_sum_opens_the_record_that_it_takes_and_the_record_says_so(team):
    sheet = Sheet.of(team.reader.get("/"))
    address, _ = next(iter(sheet.counts("data-bytes")))
    rows = Sheet.of(team.reader.get(address))
    assert len(rows.rows("records")) == 1
    opened = team.reader.get(next(link.address for link in rows.links if link.text == "Full record"))
    assert "Only Counted yes" in opened.text


@pytest.mark.parametrize(("hours", "said"), [(1, "The bytes of 1 hour in"), (2, "The bytes of 2 hours in"), (0, None)])
def test_pages_say_how_many_hours_wait_to_be_settled(team, posted, monkeypatch, hours, said):
    monkeypatch.setattr(DuckDBQuestions, "unsettled", lambda _records, _customer, _start, _end: hours)
    assert posted
    for page in ("/", "/timeline", "/conversations"):
        text = team.reader.get(page).text
        assert said in text if said else "may still be counted" not in text
