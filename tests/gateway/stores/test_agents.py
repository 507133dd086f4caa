from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores import room
from gateway.stores.agents import AgentIdentity, Agents, Registered, Standing
from gateway.stores.changes import Changes
from gateway.stores.errors import StoreError
from gateway.stores.items import ItemFilter, Items

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
WEB = AgentIdentity("a", "web-1", "Linux 6.1 x86_64", "1.0", ("10.0.0.4", "fd00::4"))


@pytest.fixture
def agents(database):
    return Agents(database, Changes())


@pytest.fixture
def items(database):
    return Items(database, Changes())


def test_a_machine_appears_as_pending_with_its_first_agent(agents, items, customer):
    met = agents.register(customer, WEB, NOW)
    assert met.new
    item = items.find(customer, met.item)
    assert (item.name, item.addresses, item.system) == ("web-1", WEB.addresses, WEB.system)
    assert (item.state, item.seen_at) == ("pending", NOW)


def test_an_agent_finds_the_machine_that_was_made_by_hand_and_tells_nothing_of_it_before_it_is_accepted(
    agents, items, customer
):
    number = items.add(customer, "WEB-1", ["10.0.0.9"], "Linux")
    assert agents.register(customer, WEB, NOW, "192.0.2.7") == Registered(number, new=False)
    item = items.find(customer, number)
    assert (item.addresses, item.system, item.state) == (("10.0.0.9",), "Linux", "accepted")
    assert (item.seen_at, item.waiting) == (None, 1)
    found = agents.find(customer, "a")
    assert (found.standing, found.peer) == ("pending", "192.0.2.7")
    assert agents.decide(customer, number, "a", Standing.ACCEPTED).standing == "accepted"
    item = items.find(customer, number)
    assert (item.addresses, item.system, item.seen_at, item.waiting) == (WEB.addresses, WEB.system, NOW, 0)


def test_exactly_the_agent_that_was_seen_is_accepted_whoever_asked_in_the_meantime(agents, items, customer):
    number = items.add(customer, "web-1", [], "")
    agents.register(customer, WEB, NOW)
    agents.register(customer, replace(WEB, id="b", addresses=("192.0.2.66",)), NOW + timedelta(minutes=1))
    agents.decide(customer, number, "a", Standing.ACCEPTED)
    found = [(each.identity.id, each.standing) for each in agents.of_item(number)]
    assert found == [("a", "accepted"), ("b", "pending")]
    agents.register(customer, replace(WEB, id="b", addresses=("192.0.2.66",)), NOW + timedelta(minutes=3))
    item = items.find(customer, number)
    assert (item.addresses, item.seen_at, item.waiting) == (WEB.addresses, NOW, 1)


def test_an_agent_that_says_it_is_elsewhere_now_is_accepted_neither_there_nor_here(agents, items, customer):
    web, other = (items.add(customer, name, [], "") for name in ("web-1", "srv-1"))
    agents.register(customer, WEB, NOW)
    agents.decide(customer, web, "a", Standing.ACCEPTED)
    agents.register(customer, replace(WEB, host="srv-1"), NOW)
    assert agents.standing(other, "a") == "pending"
    assert agents.decide(customer, web, "a", Standing.ACCEPTED) is None
    assert items.find(customer, other).addresses == ()
    agents.register(customer, WEB, NOW)
    assert agents.find(customer, "a").standing == "accepted"


def test_what_is_said_of_an_agent_is_another_customers_business_no_more_than_its_machine(agents, accounts, customer):
    other = accounts.add_customer("other")
    item = agents.register(customer, WEB, NOW).item
    assert agents.decide(other, item, "a", Standing.ACCEPTED) is None
    assert agents.decide(customer, item, "b", Standing.ACCEPTED) is None
    assert agents.find(customer, "a").standing == "pending"


def test_a_refused_agent_stays_refused_until_it_is_accepted(agents, items, customer):
    item = agents.register(customer, WEB, NOW).item
    agents.decide(customer, item, "a", Standing.REFUSED)
    agents.register(customer, replace(WEB, addresses=("192.0.2.66",)), NOW + timedelta(minutes=2))
    assert agents.find(customer, "a").standing == "refused"
    assert (items.find(customer, item).addresses, items.find(customer, item).state) == (WEB.addresses, "pending")
    agents.decide(customer, item, "a", Standing.ACCEPTED)
    assert (agents.find(customer, "a").standing, items.find(customer, item).state) == ("accepted", "accepted")


def test_what_was_said_of_an_agent_goes_with_the_machine(agents, items, customer):
    item = agents.register(customer, WEB, NOW).item
    agents.decide(customer, item, "a", Standing.ACCEPTED)
    items.remove(customer, item)
    agents.register(customer, WEB, NOW)
    assert agents.find(customer, "a").standing == "pending"


def test_an_agent_under_ever_new_names_makes_no_end_of_machines(agents, items, customer, monkeypatch):
    monkeypatch.setattr(room, "MOST_AGENTS", 2)
    for number in range(10):
        agents.register(customer, replace(WEB, host=f"web-{number}"), NOW)
    assert len(items.page(customer, ItemFilter(), 10)) <= 2
    agents.register(customer, replace(WEB, id="b", host="db-1"), NOW)
    assert {"web-9", "db-1"} <= {item.name for item in items.page(customer, ItemFilter(), 10)}


def test_agents_that_nobody_accepted_make_room_once_they_are_heard_of_no_more(agents, items, customer, monkeypatch):
    monkeypatch.setattr(room, "MOST_AGENTS", 3)
    number = items.add(customer, "web-1", [], "")
    for name in ("a", "b", "c"):
        agents.register(customer, replace(WEB, id=name), NOW)
    agents.decide(customer, number, "a", Standing.ACCEPTED)
    agents.decide(customer, number, "b", Standing.REFUSED)
    with pytest.raises(StoreError, match="already 3 agents"):
        agents.register(customer, replace(WEB, id="d"), NOW + timedelta(days=1))
    agents.register(customer, replace(WEB, id="d"), NOW + timedelta(days=1, seconds=1))
    assert [each.identity.id for each in agents.of_item(number)] == ["a", "d", "b"]


def test_what_an_agent_says_is_kept_up_to_date(agents, customer):
    met = agents.register(customer, WEB, NOW)
    changed = replace(WEB, version="1.1", addresses=("10.0.0.9",))
    assert agents.register(customer, changed, NOW + timedelta(seconds=1)) == replace(met, new=False)
    found = agents.find(customer, "a")
    assert (found.identity, found.first_seen_at, found.seen_at) == (changed, NOW, NOW + timedelta(seconds=1))


def test_the_last_question_is_known_to_the_minute(agents, customer):
    agents.register(customer, WEB, NOW)
    for seconds, seen in [(59, 0), (60, 60), (119, 60), (120, 120)]:
        agents.register(customer, WEB, NOW + timedelta(seconds=seconds))
        assert agents.find(customer, "a").seen_at == NOW + timedelta(seconds=seen)


def test_two_agents_on_one_machine_are_both_known_and_a_renamed_machine_is_another(agents, customer):
    item = agents.register(customer, WEB, NOW).item
    agents.register(customer, replace(WEB, id="b"), NOW + timedelta(minutes=1))
    assert [each.identity.id for each in agents.of_item(item)] == ["b", "a"]
    assert agents.register(customer, replace(WEB, host="web-2"), NOW).new
    assert [each.identity.id for each in agents.of_item(item)] == ["b"]


def test_customers_do_not_share_agents(agents, accounts, customer):
    other = accounts.add_customer("other")
    assert agents.register(customer, WEB, NOW).item != agents.register(other, WEB, NOW).item
    assert agents.find(other + 1, "a") is None


def test_there_are_no_more_agents_than_the_list_can_bear(agents, customer, monkeypatch):
    monkeypatch.setattr(room, "MOST_AGENTS", 1)
    agents.register(customer, WEB, NOW)
    with pytest.raises(StoreError, match="already 1 agents"):
        agents.register(customer, replace(WEB, id="b"), NOW)
    agents.register(customer, WEB, NOW + timedelta(minutes=2))


def test_a_delivery_tells_of_the_clock_and_of_what_was_dropped(agents, customer):
    agents.register(customer, WEB, NOW)
    agents.note_delivery(customer, "a", timedelta(hours=1), 3)
    found = agents.find(customer, "a")
    assert (found.behind, found.dropped) == (timedelta(hours=1), 3)
    agents.note_delivery(customer, "a", None, 0)
    assert agents.find(customer, "a").behind is None
