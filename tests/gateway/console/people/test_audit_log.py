import csv
import json
import re
from datetime import timedelta

import pytest

from gateway.clock import iso
from gateway.operator.erasure import erase
from gateway.operator.work import Work
from gateway.stores.audit_log import Action, Actor
from tests.gateway.client import record
from tests.gateway.console.person import text_of


def rows_of(page):
    return re.findall(r">(number [0-9]+)</td>", page.text)


@pytest.fixture
def many(gateway, team, clock):
    for number in range(120):
        gateway.stores.audit_log.add(Actor(team.customer, "ada"), clock.now(), Action.MADE_TOKEN, f"number {number}")


@pytest.mark.usefixtures("many")
def test_the_audit_log_is_read_page_by_page_newest_first(reader):
    address, seen = "/setup/audit-log", []
    while address:
        page = reader.get(address)
        seen += rows_of(page)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = older and older[1]
    assert seen == [f"number {number}" for number in reversed(range(120))]


def test_a_row_tells_when_who_what_and_to_what(gateway, team, clock, reader):
    gateway.stores.audit_log.add(Actor(team.customer, "ada"), clock.now(), Action.MADE_TOKEN, "token 7")
    row = f"{clock.now():%Y-%m-%d %H:%M:%S} UTC ada created a subscription token token 7"
    assert row in text_of(reader.get("/setup/audit-log"))


def test_an_erasure_by_the_command_line_is_shown(gateway, team, clock, post, reader):
    post(team, record(src_ip="10.0.0.77"))
    (name,) = (each.name for each in gateway.stores.customers.all(clock.now()) if each.number == team.customer)
    arguments = {"customer": name, "search": "ip:10.0.0.77", "look_only": False}
    erase(Work(gateway.stores, clock.now, lambda _told: None, arguments))
    assert "the command line erased records 1 record: ip:10.0.0.77" in text_of(reader.get("/setup/audit-log"))


def test_a_customer_sees_its_own_only(gateway, new_team, clock):
    one, other = new_team(), new_team()
    gateway.stores.audit_log.add(Actor(one.customer, "ada"), clock.now(), Action.MADE_TOKEN, "planted")
    assert "planted" in one.reader.get("/setup/audit-log").text
    assert "planted" not in other.administrator.get("/setup/audit-log").text


@pytest.mark.parametrize("before", ["x", "-1", "1e3", "9" * 30, "²", "' OR 1=1"])
def test_a_place_that_is_not_valid_is_the_beginning(reader, before):
    assert "signed in" in text_of(reader.get("/setup/audit-log", params={"before": before}))


def test_the_address_that_the_page_had_before_leads_to_it(team):
    moved = team.reader.get("/setup/journal", params={"before": "7"})
    assert (moved.status_code, moved.headers["Location"]) == (308, "/setup/audit-log?before=7")


def test_an_entry_tells_where_from(gateway, administrator, team):
    administrator.send("/setup/retention", {"agent": "30"})
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.action, entry.address) == (Action.SET_RETENTION, "127.0.0.1")
    assert "127.0.0.1 set the retention" in text_of(administrator.get("/setup/audit-log"))


@pytest.fixture
def some(gateway, team, clock):
    """Three entries, a day apart."""
    for name, action, subject in (
        ("Ada", Action.MADE_TOKEN, "token 1 (100 %)"),
        ("ben", Action.REVOKED_TOKEN, "token 1"),
        ("eve", Action.MADE_TOKEN, '=HYPERLINK("http://evil")'),
    ):
        gateway.stores.audit_log.add(Actor(team.customer, name, "192.0.2.7"), clock.now(), action, subject)
        clock.move(86_400)
    clock.move(-3 * 86_400)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("who=ada", {"Ada"}),
        ("who=192.0.2", {"Ada", "ben", "eve"}),
        ("who=%25", set()),
        ("action=token_made", {"Ada", "eve"}),
        ("subject=TOKEN+1", {"Ada", "ben"}),
        ("subject=100+%25", {"Ada"}),
        ("from={1}&to={1}", {"ben"}),
        ("from={1}", {"ben", "eve"}),
        ("to={1}&action=token_made", {"Ada"}),
        ("to=9999-12-31", {"Ada", "ben", "eve"}),
    ],
)
def test_entries_are_filtered_and_a_file_has_the_same_ones(reader, clock, query, names):
    query = query.format(*(clock.now().date() + timedelta(days=days) for days in range(3)))
    page, file = (reader.get(f"/setup/audit-log{kind}?{query}") for kind in ("", "/export.ndjson"))
    assert {name for name in ("Ada", "ben", "eve") if f"<td>{name}</td>" in page.text} == names
    assert {json.loads(line)["who"] for line in file.text.splitlines()} & {"Ada", "ben", "eve"} == names


@pytest.mark.parametrize("query", ["action=slept", "from=yesterday", "to=2026-02-30", "from=2026-11-24&to=2026-11-23"])
def test_a_bad_filter_is_a_sentence_and_exports_nothing(gateway, team, query):
    page, file = (team.reader.get(f"/setup/audit-log{kind}?{query}") for kind in ("", "/export.csv"))
    assert (page.status_code, file.status_code) == (422, 422)
    assert 'role="alert"' in page.text
    actions = {each.action for each in gateway.stores.audit_log.page(team.customer)}
    assert Action.EXPORTED_AUDIT_LOG not in actions


@pytest.mark.usefixtures("some")
def test_a_file_for_a_spreadsheet_runs_nothing_there_and_is_on_record(gateway, team, clock):
    file = team.reader.get("/setup/audit-log/export.csv?who=eve")
    header, row = csv.reader(file.text.splitlines())
    assert header == ["number", "time", "who", "address", "action", "subject"]
    assert row[1:] == [
        iso(clock.now() + timedelta(days=2)),
        "eve",
        "192.0.2.7",
        "token_made",
        '\'=HYPERLINK("http://evil")',
    ]
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.action, entry.subject) == (Action.EXPORTED_AUDIT_LOG, "csv")


@pytest.mark.usefixtures("many")
def test_a_file_has_all_pages_of_the_customer_s_own_entries(gateway, new_team, clock, reader, monkeypatch):
    monkeypatch.setattr("gateway.stores.audit_log._PART", 7)
    gateway.stores.audit_log.add(Actor(new_team().customer, "eve"), clock.now(), Action.MADE_TOKEN, "planted")
    subjects = [json.loads(line)["subject"] for line in reader.get("/setup/audit-log/export.ndjson").text.splitlines()]
    assert [each for each in subjects if each.startswith("number")] == [f"number {each}" for each in range(119, -1, -1)]
    assert "planted" not in subjects


def test_there_is_no_other_format(reader):
    assert reader.get("/setup/audit-log/export.xlsx").status_code == 404
    assert reader.session.head(f"{reader.url}/setup/audit-log/export.csv").status_code == 405
