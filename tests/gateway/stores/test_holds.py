from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores import holds as module
from gateway.stores.errors import StoreError
from gateway.stores.holds import Hold, Holds

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
BEGINS, ENDS = NOW - timedelta(days=2), NOW - timedelta(days=1)


@pytest.fixture
def holds(database):
    return Holds(database)


@pytest.fixture
def hold(holds):
    """Makes a hold of a customer's, and gives its number."""
    return lambda customer, now=NOW: holds.add(customer, "port:22", BEGINS, ENDS, "A claim", "ada", now)


def test_a_hold_is_in_force_until_it_is_lifted_and_is_listed_for_ever(holds, customer, hold):
    number = hold(customer)
    made = Hold(number, "port:22", BEGINS, ENDS, "A claim", "ada", NOW)
    assert holds.in_force(customer) == holds.all(customer) == [made]
    later = NOW + timedelta(hours=1)
    assert [holds.lift(customer, number, later), holds.lift(customer, number, later)] == [True, False]
    assert holds.in_force(customer) == []
    assert [each.lifted_at for each in holds.all(customer)] == [later]


def test_those_in_force_stand_before_those_that_were_lifted_the_newest_first(holds, customer, hold):
    numbers = [hold(customer) for _ in range(4)]
    holds.lift(customer, numbers[3], NOW)
    holds.lift(customer, numbers[1], NOW)
    assert [each.number for each in holds.all(customer)] == [numbers[place] for place in (2, 0, 3, 1)]


def test_a_customer_neither_sees_nor_lifts_the_holds_of_another(holds, customer, accounts, hold):
    other = accounts.add_customer("other")
    number = hold(other)
    assert not holds.lift(customer, number, NOW)
    assert holds.all(customer) == []
    assert [each.number for each in holds.in_force(other)] == [number]


def test_there_are_no_more_holds_in_force_than_a_deletion_can_ask(holds, customer, accounts, hold, monkeypatch):
    monkeypatch.setattr(module, "MOST_HOLDS", 2)
    first = hold(customer)
    hold(customer)
    with pytest.raises(StoreError, match="already 2 holds in force"):
        hold(customer)
    hold(accounts.add_customer("other"))
    holds.lift(customer, first, NOW)
    hold(customer)
