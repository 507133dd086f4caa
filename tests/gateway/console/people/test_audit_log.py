import re

import pytest

from gateway.operator.erasure import erase
from gateway.operator.work import Work
from gateway.stores.audit_log import Action
from tests.gateway.client import record
from tests.gateway.console.person import text_of


def rows_of(page):
    return re.findall(r"<td>(number [0-9]+)</td>", page.text)


@pytest.fixture
def many(gateway, team, clock):
    for number in range(120):
        gateway.stores.audit_log.add(team.customer, clock.now(), "ada", Action.MADE_TOKEN, f"number {number}")


@pytest.mark.usefixtures("many")
def test_the_journal_is_read_page_by_page_newest_first(reader):
    address, seen = "/setup/audit-log", []
    while address:
        page = reader.get(address)
        seen += rows_of(page)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = older and older[1]
    assert seen == [f"number {number}" for number in reversed(range(120))]


def test_a_row_tells_when_who_what_and_to_what(gateway, team, clock, reader):
    gateway.stores.audit_log.add(team.customer, clock.now(), "ada", Action.MADE_TOKEN, "token 7")
    row = f"{clock.now():%Y-%m-%d %H:%M:%S} UTC ada made a subscription token token 7"
    assert row in text_of(reader.get("/setup/audit-log"))


def test_an_erasure_by_the_command_line_is_shown(gateway, team, clock, post, reader):
    post(team, record(src_ip="10.0.0.77"))
    (name,) = (each.name for each in gateway.stores.customers.all(clock.now()) if each.number == team.customer)
    wishes = {"customer": name, "search": "ip:10.0.0.77", "look_only": False}
    erase(Work(gateway.stores, clock.now, lambda _told: None, wishes))
    assert "the command line erased records 1 record: ip:10.0.0.77" in text_of(reader.get("/setup/audit-log"))


def test_a_customer_sees_its_own_only(gateway, new_team, clock):
    one, other = new_team(), new_team()
    gateway.stores.audit_log.add(one.customer, clock.now(), "ada", Action.MADE_TOKEN, "planted")
    assert "planted" in one.reader.get("/setup/audit-log").text
    assert "planted" not in other.administrator.get("/setup/audit-log").text


@pytest.mark.parametrize("before", ["x", "-1", "1e3", "9" * 30, "²", "' OR 1=1"])
def test_a_place_that_is_none_is_the_beginning(reader, before):
    assert "signed in" in text_of(reader.get("/setup/audit-log", params={"before": before}))


def test_the_address_that_the_page_had_before_leads_to_it(team):
    moved = team.reader.get("/setup/journal", params={"before": "7"})
    assert (moved.status_code, moved.headers["Location"]) == (308, "/setup/audit-log?before=7")
