from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.blueprints import Blueprints, NewBlueprint
from gateway.stores.changes import Changes
from gateway.stores.errors import ChangedError, GoneError, TakenError
from gateway.stores.items import Items

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
HOUR = NewBlueprint("Hour", "Every hour.", 3600, "<blueprint/>")
MINUTE = NewBlueprint("Minute", "Every minute.", 60, "<blueprint/>")


@pytest.fixture
def blueprints(database):
    return Blueprints(database, Changes())


@pytest.fixture
def items(database):
    return Items(database, Changes())


def test_importing_again_updates_and_stays_applied(blueprints, items, customer):
    number = blueprints.put(customer, MINUTE, NOW)
    (first,) = blueprints.all(customer)
    item = items.add(customer, "web-1", [], "")
    items.save(customer, item, [first.number], [], NOW)
    changed = NewBlueprint("Minute", "Faster.", 10, "<other/>")
    assert blueprints.put(customer, changed, NOW + timedelta(days=1)) == number == first.number
    again = blueprints.find(customer, first.number)
    assert (again.content, again.saved_at, again.items) == (changed, NOW + timedelta(days=1), 1)
    assert blueprints.interval(item) == 10


def test_an_edited_blueprint_stays_applied_under_its_number(blueprints, items, customer):
    number = blueprints.add(customer, MINUTE, NOW)
    item = items.add(customer, "web-1", [], "")
    items.save(customer, item, [number], [], NOW)
    changed = NewBlueprint("Ten seconds", "Faster.", 10, "<other/>")
    blueprints.replace(customer, number, changed, NOW + A_SECOND, blueprints.find(customer, number).mark)
    again = blueprints.find(customer, number)
    assert (again.content, again.saved_at, again.items) == (changed, NOW + A_SECOND, 1)
    assert blueprints.interval(item) == 10


def test_of_two_edits_at_once_the_second_is_told(blueprints, customer, accounts):
    number = blueprints.add(customer, MINUTE, NOW)
    seen = blueprints.find(customer, number).mark
    first, second = (NewBlueprint("Minute", text, 60, "") for text in ("first", "second"))
    blueprints.replace(customer, number, first, NOW + A_SECOND, seen)
    with pytest.raises(ChangedError, match="Somebody else has changed Minute"):
        blueprints.replace(customer, number, second, NOW + A_SECOND, seen)
    assert blueprints.find(customer, number).content == first
    with pytest.raises(GoneError):
        blueprints.replace(accounts.add_customer("other"), number, second, NOW, seen)


def test_two_blueprints_of_one_name_are_refused(blueprints, customer, accounts):
    blueprints.add(customer, MINUTE, NOW)
    with pytest.raises(TakenError, match="already a blueprint Minute"):
        blueprints.add(customer, MINUTE, NOW)
    hour = blueprints.add(customer, HOUR, NOW)
    with pytest.raises(TakenError):
        blueprints.replace(customer, hour, MINUTE, NOW, blueprints.find(customer, hour).mark)
    assert [each.content.name for each in blueprints.all(customer)] == ["Hour", "Minute"]
    blueprints.add(accounts.add_customer("other"), MINUTE, NOW)


def test_the_shortest_interval_of_what_is_applied_holds(blueprints, items, customer):
    item = items.add(customer, "web-1", [], "")
    assert blueprints.interval(item) is None
    for seconds in (300, 60, 10):
        blueprints.put(customer, NewBlueprint(str(seconds), "", seconds, ""), NOW)
    ten, three_hundred, sixty = (each.number for each in blueprints.all(customer))
    items.save(customer, item, [three_hundred, sixty], [ten], NOW)
    assert blueprints.applied(item) == {three_hundred, sixty}
    assert blueprints.interval(item) == 60


def test_a_removed_blueprint_is_applied_no_more(blueprints, items, customer, accounts):
    blueprints.put(customer, MINUTE, NOW)
    (blueprint,) = blueprints.all(customer)
    item = items.add(customer, "web-1", [], "")
    items.save(customer, item, [blueprint.number], [], NOW)
    assert blueprints.remove(accounts.add_customer("other"), blueprint.number, NOW) is None
    assert blueprints.remove(customer, blueprint.number, NOW) == "Minute"
    assert blueprints.remove(customer, blueprint.number, NOW) is None
    assert (blueprints.interval(item), blueprints.all(customer)) == (None, [])


def test_when_the_last_blueprint_of_a_machine_was_removed_is_known(blueprints, items, customer):
    item = items.add(customer, "web-1", [], "")
    one, two = (blueprints.put(customer, NewBlueprint(name, "", 60, ""), NOW) for name in ("one", "two"))
    items.save(customer, item, [one, two], [], NOW)
    assert blueprints.ended_at(item) is None
    items.save(customer, item, [], [one], NOW + timedelta(hours=1))
    assert blueprints.ended_at(item) is None
    blueprints.remove(customer, two, NOW + timedelta(hours=2))
    assert blueprints.ended_at(item) == NOW + timedelta(hours=2)
    items.save(customer, item, [], [one, two], NOW + timedelta(hours=3))
    assert blueprints.ended_at(item) == NOW + timedelta(hours=2)
    items.save(customer, item, [one], [], NOW + timedelta(hours=4))
    assert blueprints.ended_at(item) is None
    items.save(customer, item, [], [one], NOW + timedelta(hours=5))
    assert blueprints.ended_at(item) == NOW + timedelta(hours=5)


def test_another_customers_removal_ends_nothing(blueprints, items, customer, accounts):
    item = items.add(customer, "web-1", [], "")
    one = blueprints.put(customer, NewBlueprint("one", "", 60, ""), NOW)
    items.save(customer, item, [one], [], NOW)
    blueprints.remove(accounts.add_customer("other"), one, NOW)
    assert blueprints.ended_at(item) is None
