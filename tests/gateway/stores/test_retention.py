import pytest

from gateway.stores.retention import Retention
from shared.flowlog.record import Source


@pytest.fixture
def retention(database):
    return Retention(database)


def test_a_customer_has_no_days_of_its_own_at_first(retention, customer):
    assert retention.days(customer) == {}


def test_own_days_take_the_place_of_those_before(retention, customer):
    retention.set(customer, {Source.NSG: 30, Source.AGENT: 36_500})
    retention.set(customer, {Source.NSG: 1, Source.VNET: 90})
    assert retention.days(customer) == {Source.NSG: 1, Source.VNET: 90}


def test_customers_have_days_apart_from_each_other(retention, customer, accounts):
    retention.set(customer, {Source.NSG: 30})
    other = accounts.add_customer("other")
    retention.set(other, {Source.NSG: 60})
    retention.set(other, {})
    assert retention.days(customer) == {Source.NSG: 30}
