import csv
import io
import json
import threading

import anyio
import anyio.lowlevel
import pytest
import requests

from gateway.clock import to_ms
from gateway.console.traffic.export import streamed
from gateway.stores.audit_log import Action
from gateway.traffic.search import parse
from shared.flowlog.record import AGENT_KEYS, KEYS
from tests.gateway.client import record
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet
from tests.gateway.contract.oracle import matches


def in_order(records):
    return sorted(records, key=json.dumps)


@pytest.mark.parametrize("query", ["", "q=decision:deny", "q=-net:10.0.0.0/8 dport:22,443", "range=1h"])
def test_an_export_has_the_rows_of_the_list(query, team, posted, clock):
    text = query.partition("=")[2] if query.startswith("q=") else ""
    earliest = to_ms(clock.now()) - 3_600_000 if query.startswith("range") else 0
    expected = [each for each in posted if matches(parse(text), each) and each["time"] >= earliest]
    answer = team.reader.get(f"/traffic/export.ndjson?{query}")
    assert answer.headers["content-type"] == "application/x-ndjson"
    exported = [json.loads(line) for line in answer.text.splitlines()]
    assert in_order(exported) == in_order(expected)
    assert [each["time"] for each in exported] == sorted((each["time"] for each in exported), reverse=True)
    header, *rows = csv.reader(io.StringIO(team.reader.get(f"/traffic/export.csv?{query}").text, newline=""))
    assert header == [*KEYS, *AGENT_KEYS]
    assert len(rows) == len(expected)
    events = team.reader.get(f"/traffic/export.ocsf.ndjson?{query}").text.splitlines()
    assert sorted(json.loads(event)["time"] for event in events) == sorted(each["time"] for each in expected)


def test_the_lists_buttons_lead_to_its_rows(team, posted):
    sheet = Sheet.of(team.reader.get("/traffic?q=dport:443"))
    buttons = {link.text: link.address for link in sheet.links if "download" in link.said}
    assert buttons.keys() == {"CSV", "NDJSON", "OCSF"}
    expected = sum(matches(parse("dport:443"), each) for each in posted)
    assert len(team.reader.get(buttons["NDJSON"]).text.splitlines()) == expected
    assert len(team.reader.get(buttons["CSV"]).text.splitlines()) >= expected + 1


def test_what_was_exported_can_be_posted_again(team, new_team, post, posted):
    other = new_team()
    lines = team.administrator.get("/traffic/export.ndjson").text.splitlines()
    post(other, *map(json.loads, lines))
    again = other.reader.get("/traffic/export.ndjson").text.splitlines()
    assert sorted(again) == sorted(lines)
    assert len(again) == len(posted)


def test_a_file_has_a_name_that_says_what_is_in_it(reader):
    answer = reader.get("/traffic/export.csv?from=2026-11-23T12:00Z&to=2026-11-23T13:00Z")
    assert answer.headers["content-disposition"] == (
        'attachment; filename="traffic-2026-11-23T1200Z-2026-11-23T1300Z.csv"'
    )
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text == ",".join([*KEYS, *AGENT_KEYS]) + "\r\n"


def test_the_audit_log_tells_who_exported_what(team):
    team.reader.get("/traffic/export.csv?q=decision:deny&from=2026-11-23T12:00Z&to=2026-11-23T13:00Z")
    told = text_of(team.administrator.get("/setup/audit-log"))
    assert "exported traffic" in told
    assert "CSV, 2026-11-23T12:00Z to 2026-11-23T13:00Z decision:deny" in told


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/traffic/export.csv?q=vedrict:deny", 422, "Did you mean decision"),
        ("/traffic/export.csv?from=yesterday", 422, "is not a valid time"),
        ("/traffic/export.exe", 404, "There is no format of export here"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(address, status, words, reader):
    answer = reader.get(address)
    assert answer.status_code == status
    assert words in text_of(answer)


def test_a_question_for_the_headers_alone_exports_nothing(gateway, team):
    answer = team.reader.session.head(f"{team.reader.url}/traffic/export.csv", timeout=20)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert Action.EXPORTED_TRAFFIC not in {each.action for each in gateway.stores.audit_log.page(team.customer)}


def test_strangers_get_nothing(nobody):
    assert nobody.get("/traffic/export.csv").status_code == 303


def test_a_formula_in_a_rule_is_none_in_a_spreadsheet(team, post, clock):
    post(team, record(time=to_ms(clock.now()) - 1000, rule="=HYPERLINK(1)"))
    assert ",'=HYPERLINK(1)," in team.reader.get("/traffic/export.csv").text


def test_reading_ends_when_the_browser_leaves():
    left = threading.Event()
    read = 0

    def content():
        nonlocal read
        try:
            while True:
                read += 1
                yield b"x" * 65536
        finally:
            left.set()

    async def leave_after_three():
        chunks = 0
        async with anyio.create_task_group() as tasks:

            async def send(message):
                nonlocal chunks
                chunks += message["type"] == "http.response.body"

            async def receive():
                while chunks < 3:
                    await anyio.lowlevel.checkpoint()
                return {"type": "http.disconnect"}

            tasks.start_soon(
                streamed(content(), anyio.CapacityLimiter(1), {}, "text/csv"), {"type": "http"}, receive, send
            )

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(leave_after_three)
    assert left.wait(5)
    assert 3 <= read < 1000


def test_a_browser_that_leaves_half_way_leaves_a_gateway_that_answers(team, posted):
    with requests.Session() as session:
        session.cookies = team.reader.session.cookies
        answer = session.get(f"{team.reader.url}/traffic/export.ndjson", stream=True, timeout=20)
        next(answer.iter_content(100))
    assert team.reader.get("/traffic").status_code == 200
    assert posted
