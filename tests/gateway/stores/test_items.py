from datetime import UTC, datetime

import pytest

from gateway.stores.agents import AgentIdentity, Agents
from gateway.stores.blueprints import Blueprints, NewBlueprint
from gateway.stores.changes import Changes
from gateway.stores.errors import StoreError
from gateway.stores.items import ItemFilter, Items, ItemState

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def items(database):
    return Items(database, Changes())


@pytest.fixture
def blueprints(database):
    return Blueprints(database, Changes())


def names(items, customer, **wanted):
    return [each.name for each in items.page(customer, ItemFilter(**wanted), 10)]


def test_a_machine_made_by_hand_is_accepted_and_waits_for_its_agent(items, customer):
    number = items.add(customer, "web-1", ["10.0.0.4"], "Linux")
    item = items.find(customer, number)
    assert (item.name, item.addresses, item.system, item.state) == ("web-1", ("10.0.0.4",), "Linux", "accepted")
    assert (item.seen_at, item.blueprints) == (None, ())


def test_a_name_is_taken_once_whatever_its_case(items, customer):
    items.add(customer, "web-1", [], "")
    with pytest.raises(StoreError, match="already a machine WEB-1"):
        items.add(customer, "WEB-1", [], "")


def test_machines_are_found_by_what_their_columns_hold(items, customer, database):
    items.add(customer, "web-1", ["10.0.0.4", "fd00::4"], "Linux 6.1")
    items.add(customer, "db%1", ["10.0.0.5"], "Windows")
    Agents(database, Changes()).register(customer, AgentIdentity("a", "app-1", "Linux", "1", ("10.0.1.4",)), NOW)
    assert names(items, customer) == ["app-1", "db%1", "web-1"]
    assert names(items, customer, name="WEB") == ["web-1"]
    assert names(items, customer, name="%") == ["db%1"]
    assert names(items, customer, address="FD00") == ["web-1"]
    assert names(items, customer, address="10.0.0.", system="linux") == ["web-1"]
    assert names(items, customer, state=ItemState.PENDING) == ["app-1"]
    assert names(items, customer + 1) == []


def test_saving_accepts_a_machine_and_leaves_what_is_not_named_alone(items, blueprints, customer, database):
    number = Agents(database, Changes()).register(customer, AgentIdentity("a", "web-1", "Linux", "1", ()), NOW).item
    for name in ("one", "two", "three"):
        blueprints.put(customer, NewBlueprint(name, "", 60, ""), NOW)
    one, three, two = (each.number for each in blueprints.all(customer))
    items.save(customer, number, [one, two], [], NOW)
    item = items.save(customer, number, [three], [two], NOW)
    assert (item.state, item.blueprints) == ("accepted", ("one", "three"))
    assert item == items.find(customer, number)


def test_another_customers_blueprint_is_not_applied_and_another_customers_machine_not_saved(
    items, blueprints, customer, accounts
):
    other = accounts.add_customer("other")
    blueprints.put(other, NewBlueprint("foreign", "", 60, ""), NOW)
    (foreign,) = blueprints.all(other)
    number = items.add(customer, "web-1", [], "")
    assert items.save(customer, number, [foreign.number, 999], [], NOW).blueprints == ()
    with pytest.raises(StoreError):
        items.save(other, number, [foreign.number], [], NOW)
    assert items.find(other, number) is None
    assert items.remove(other, number) is None
    assert items.find(customer, number) is not None


def test_a_removed_machine_is_gone_with_its_agents(items, customer, database):
    agents = Agents(database, Changes())
    number = agents.register(customer, AgentIdentity("a", "web-1", "Linux", "1", ()), NOW).item
    assert items.remove(customer, number) == "web-1"
    assert items.find(customer, number) is None
    assert agents.find(customer, "a") is None
    assert agents.register(customer, AgentIdentity("a", "web-1", "Linux", "1", ()), NOW).new
