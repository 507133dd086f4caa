from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores import agents as module
from gateway.stores.agents import Agents, Met, Presence
from gateway.stores.changes import Changes
from gateway.stores.database import StoreError
from gateway.stores.items import Items

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
WEB = Presence("a", "web-1", "Linux 6.1 x86_64", "1.0", ("10.0.0.4", "fd00::4"))


@pytest.fixture
def agents(database):
    return Agents(database, Changes())


@pytest.fixture
def items(database):
    return Items(database, Changes())


def test_a_machine_appears_as_pending_with_its_first_agent(agents, items, customer):
    met = agents.meet(customer, WEB, NOW)
    assert met.new
    item = items.find(customer, met.item)
    assert (item.name, item.addresses, item.system) == ("web-1", WEB.addresses, WEB.system)
    assert (item.state, item.seen_at) == ("pending", NOW)


def test_an_agent_finds_the_machine_that_was_made_by_hand(agents, items, customer):
    number = items.add(customer, "WEB-1", [], "")
    assert agents.meet(customer, WEB, NOW) == Met(number, new=False)
    assert items.find(customer, number).addresses == WEB.addresses
    assert items.find(customer, number).state == "accepted"


def test_what_an_agent_says_is_kept_up_to_date(agents, customer):
    met = agents.meet(customer, WEB, NOW)
    changed = replace(WEB, version="1.1", addresses=("10.0.0.9",))
    assert agents.meet(customer, changed, NOW + timedelta(seconds=1)) == replace(met, new=False)
    found = agents.find(customer, "a")
    assert (found.presence, found.first_seen_at, found.seen_at) == (changed, NOW, NOW + timedelta(seconds=1))


def test_the_last_question_is_known_to_the_minute(agents, customer):
    agents.meet(customer, WEB, NOW)
    for seconds, seen in [(59, 0), (60, 60), (119, 60), (120, 120)]:
        agents.meet(customer, WEB, NOW + timedelta(seconds=seconds))
        assert agents.find(customer, "a").seen_at == NOW + timedelta(seconds=seen)


def test_two_agents_on_one_machine_are_both_known_and_a_renamed_machine_is_another(agents, customer):
    item = agents.meet(customer, WEB, NOW).item
    agents.meet(customer, replace(WEB, id="b"), NOW + timedelta(minutes=1))
    assert [each.presence.id for each in agents.of_item(item)] == ["b", "a"]
    assert agents.meet(customer, replace(WEB, host="web-2"), NOW).new
    assert [each.presence.id for each in agents.of_item(item)] == ["b"]


def test_customers_do_not_share_agents(agents, accounts, customer):
    other = accounts.add_customer("other")
    assert agents.meet(customer, WEB, NOW).item != agents.meet(other, WEB, NOW).item
    assert agents.find(other + 1, "a") is None


def test_there_are_no_more_agents_than_the_list_can_bear(agents, customer, monkeypatch):
    monkeypatch.setattr(module, "MOST_AGENTS", 1)
    agents.meet(customer, WEB, NOW)
    with pytest.raises(StoreError, match="1 agents already"):
        agents.meet(customer, replace(WEB, id="b"), NOW)
    agents.meet(customer, WEB, NOW + timedelta(minutes=2))


def test_a_delivery_tells_of_the_clock_and_of_what_was_dropped(agents, customer):
    agents.meet(customer, WEB, NOW)
    agents.note_delivery(customer, "a", timedelta(hours=1), 3)
    found = agents.find(customer, "a")
    assert (found.behind, found.dropped) == (timedelta(hours=1), 3)
    agents.note_delivery(customer, "a", None, 0)
    assert agents.find(customer, "a").behind is None
