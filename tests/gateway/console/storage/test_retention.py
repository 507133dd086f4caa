import html
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.clock import to_ms
from gateway.console.figures import second
from gateway.stores import holds
from shared.flowlog.record import Source
from tests.gateway.client import agent_record, record
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet

PAGE = "/setup/retention"
HOLD = {"search": "dport:22 -src:10.0.0.0/8", "first": "2026-11-01", "last": "2026-11-30", "reason": "Case 7"}


@pytest.fixture
def held(gateway, team, administrator):
    """A hold that was made in the console."""
    answer = administrator.send(f"{PAGE}/holds", HOLD)
    (hold,) = gateway.stores.holds.all(team.customer)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}?made={hold.number}")
    return hold


def rows(page):
    """What the table of sources says, row by row."""
    return [row.cells for row in Sheet.of(page).rows("retention")]


def error(page, field):
    """What a page says is wrong with a field."""
    assert page.status_code == 422
    told = re.search(rf'<p class="error" id="{field}-error">([^<]+)</p>', page.text)
    assert re.search(rf'id="{field}"[^>]+aria-invalid="true"[^>]+aria-describedby="{field}-error', page.text)
    return html.unescape(told[1])


def actions(gateway, team, size):
    return [(entry.action.words, entry.subject) for entry in gateway.stores.audit_log.page(team.customer, size=size)]


def test_without_days_everything_is_kept_for_ever_and_the_oldest_record_is_reported(team, post, reader, clock):
    first = to_ms(clock.now()) - 5000
    post(team, record(time=first + 1000), record(time=first), agent_record(time=first + 2000))
    assert rows(reader.get(PAGE)) == [
        ["forever", f"{second(first)} UTC"],
        ["forever", "no record yet"],
        ["forever", f"{second(first + 2000)} UTC"],
    ]
    assert "the gateway was started without --keep-days" in text_of(reader.get(PAGE))


def test_own_days_are_saved_shown_and_in_the_audit_log(gateway, team, administrator, reader):
    saved = administrator.send(PAGE, {"nsg": " 30 ", "agent": "1", "vnet": ""})
    assert "The retention was saved." in text_of(administrator.get(saved.headers["Location"]))
    assert gateway.stores.retention.days(team.customer) == {Source.NSG: 30, Source.AGENT: 1}
    assert [cells[0] for cells in rows(reader.get(PAGE))] == ["30 days", "forever", "1 day"]
    assert 'id="nsg" name="nsg" value="30"' in administrator.get(PAGE).text
    administrator.send(PAGE, {"nsg": "60", "agent": ""})
    assert actions(gateway, team, 2) == [
        ("set the retention", "nsg: 60 days, before: 30 days, agent: general, before: 1 day"),
        ("set the retention", "nsg: 30 days, before: general, agent: 1 day, before: general"),
    ]


def test_days_that_are_saved_as_they_were_leave_no_entry(gateway, team, administrator):
    assert administrator.send(PAGE, {"nsg": "30"}).status_code == 303
    assert administrator.send(PAGE, {"nsg": "030"}).status_code == 303
    assert len(actions(gateway, team, 2)) == 2
    assert actions(gateway, team, 2)[1][0] == "signed in"


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "36501", "x", "9" * 30, "\u0663"])
def test_a_number_of_days_that_is_not_valid_is_reported_at_its_field_and_nothing_is_saved(
    gateway, team, administrator, days
):
    page = administrator.send(PAGE, {"nsg": "30", "vnet": days})
    assert error(page, "vnet") == "Enter a number of days from 1 to 36,500, or nothing for the default."
    assert f'name="vnet" value="{days}"' in page.text
    assert 'name="nsg" value="30"' in page.text
    assert gateway.stores.retention.days(team.customer) == {}


def test_a_hold_is_made_listed_and_in_the_audit_log(gateway, team, administrator, reader, held, clock):
    assert (held.search, held.reason, held.made_at) == (HOLD["search"], "Case 7", clock.now())
    assert (held.begins_at, held.ends_at) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert f"Hold {held.number} was created." in text_of(administrator.get(f"{PAGE}?made={held.number}"))
    (row,) = Sheet.of(reader.get(PAGE)).rows("holds")
    begins, ends = "2026-11-01 00:00:00 UTC", "2026-12-01 00:00:00 UTC"
    made = f"{clock.now():%Y-%m-%d %H:%M:%S} UTC"
    assert row.cells == [HOLD["search"], f"{begins} to {ends}", "Case 7", held.owner, made, "in force"]
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.who, entry.action.words) == (held.owner, "created a hold")
    assert entry.subject == f"hold {held.number}, 2026-11-01 to 2026-11-30, Case 7: {HOLD['search']}"


def test_the_search_of_a_hold_opens_its_rows(team, administrator, reader, post):
    administrator.send(f"{PAGE}/holds", HOLD | {"search": 'rule:"a & b"'})
    time = to_ms(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    post(team, *(record(time=time + late, rule=rule) for late in (0, 1000) for rule in ("a & b", "a")))
    (row,) = Sheet.of(reader.get(PAGE)).rows("holds")
    assert parse_qs(urlsplit(row.links[0].address).query) == {
        "q": ['rule:"a & b"'],
        "from": ["2026-11-01T00:00Z"],
        "to": ["2026-12-01T00:00Z"],
    }
    opened = reader.get(row.links[0].address)
    (found,) = Sheet.of(opened).rows("records")
    assert "23:59:59" in found.cells
    assert '<time datetime="2026-11-30">' in opened.text


def test_a_hold_may_be_on_everything_of_one_day(gateway, team, administrator):
    day = {"search": "", "first": "2000-01-01", "last": "2000-01-01"}
    assert administrator.send(f"{PAGE}/holds", HOLD | day).status_code == 303
    (hold,) = gateway.stores.holds.all(team.customer)
    assert hold.ends_at - hold.begins_at == timedelta(days=1)
    assert actions(gateway, team, 1)[0][1] == f"hold {hold.number}, 2000-01-01 to 2000-01-01, Case 7: all records"
    assert administrator.send(f"{PAGE}/holds", HOLD | {"last": "2099-12-31"}).status_code == 303


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("search", "prot:22", "'prot' is not a search key. Did you mean proto?"),
        ("search", 'rule:"a', "This quote is not closed."),
        ("search", "x" * 1001, "Shorten this to 1000 characters."),
        ("first", "", "Enter a day from 2000-01-01 to 2099-12-31, such as 2026-11-23."),
        ("first", "1999-12-31", "Enter a day from 2000-01-01"),
        ("last", "2100-01-01", "Enter a day from 2000-01-01"),
        ("last", "tomorrow", "Enter a day from 2000-01-01"),
        ("last", "2026-10-31", "This day is before the first one."),
        ("reason", " ", "Enter a text"),
        ("reason", "x" * 201, "Shorten this to 200 characters."),
        ("reason", "a\nb", "control characters"),
    ],
)
def test_what_is_wrong_with_a_hold_is_at_its_field_and_the_rest_is_kept(
    gateway, team, administrator, field, typed, told
):
    gateway.stores.retention.set(team.customer, {Source.NSG: 30})
    page = administrator.send(f"{PAGE}/holds", HOLD | {field: typed})
    assert told in error(page, field)
    for name, value in (HOLD | {field: typed.strip()}).items():
        assert re.search(rf'name="{name}"[^>]+value="([^"]*)"', page.text)[1] == html.escape(value).replace(
            "&quot;", "&#34;"
        )
    assert 'name="nsg" value="30"' in page.text
    assert gateway.stores.holds.all(team.customer) == []


@pytest.mark.usefixtures("held")
def test_one_hold_too_many_is_reported_at_the_form(administrator, monkeypatch):
    monkeypatch.setattr(holds, "MOST_HOLDS", 1)
    page = administrator.send(f"{PAGE}/holds", HOLD)
    assert "There are already 1 holds in force. Lift one" in error(page, "search")


def test_a_hold_is_lifted_once_and_stays_listed(gateway, team, administrator, held, clock):
    lifted = administrator.send(f"{PAGE}/holds/{held.number}/lift")
    page = administrator.get(lifted.headers["Location"])
    assert f"Hold {held.number} was lifted." in text_of(page)
    (row,) = Sheet.of(page).rows("holds")
    assert row.kind == "gone"
    assert row.cells[5] == f"{clock.now():%Y-%m-%d %H:%M:%S} UTC"
    assert ">Lift<" not in page.text
    assert actions(gateway, team, 1) == [("lifted a hold", f"hold {held.number}")]
    assert administrator.send(f"{PAGE}/holds/{held.number}/lift").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30])
def test_a_hold_that_cannot_be_is_not_there(administrator, number):
    assert administrator.send(f"{PAGE}/holds/{number}/lift").status_code == 404


def test_a_hold_whose_search_is_not_understood_any_more_says_so(gateway, team, reader, clock):
    now = clock.now()
    gateway.stores.holds.add(team.customer, "colour:red", now - timedelta(days=1), now, "Case 7", "ada", now)
    assert "the hold keeps all records of its period. Lift it, and create it again." in text_of(reader.get(PAGE))


def test_another_customers_holds_and_days_are_not_there(gateway, new_team, held):
    other = new_team()
    assert other.administrator.send(f"{PAGE}/holds/{held.number}/lift").status_code == 404
    page = other.administrator.get(f"{PAGE}?made={held.number}&lifted={held.number}")
    assert "Case 7" not in page.text
    assert "is made" not in page.text
    assert other.administrator.send(PAGE, {"nsg": "5"}).status_code == 303
    assert gateway.stores.holds.all(other.customer) == []


def test_a_change_whose_entry_cannot_be_written_is_not_made(gateway, team, administrator, held, monkeypatch):
    def fail(*_arguments):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(type(gateway.stores.audit_log), "add", fail)
    assert administrator.send(PAGE, {"nsg": "30"}).status_code == 503
    assert administrator.send(f"{PAGE}/holds", HOLD).status_code == 503
    assert administrator.send(f"{PAGE}/holds/{held.number}/lift").status_code == 503
    assert gateway.stores.retention.days(team.customer) == {}
    assert gateway.stores.holds.in_force(team.customer) == [held]


def test_a_reader_looks_on(gateway, team, reader, held):
    page = reader.get(PAGE)
    assert "Case 7" in page.text
    assert '<form method="post" action="/setup' not in page.text
    assert reader.send(PAGE, {"nsg": "1"}).status_code == 403
    assert reader.send(f"{PAGE}/holds", HOLD).status_code == 403
    assert reader.send(f"{PAGE}/holds/{held.number}/lift").status_code == 403
    assert gateway.stores.holds.in_force(team.customer) == [held]
    assert gateway.stores.retention.days(team.customer) == {}
