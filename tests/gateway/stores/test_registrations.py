from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.registrations import Registrations

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B = "0b1f6471-1bf0-4dda-aec3-cb9272f09590", "1c1f6471-1bf0-4dda-aec3-cb9272f09590"


@pytest.fixture
def registrations(database):
    return Registrations(database)


def test_a_registration_is_new_once(registrations, customer):
    assert registrations.put(customer, A, {"deployment": "one"}, NOW)
    assert not registrations.put(customer, A, {"deployment": "two"}, LATER)
    (kept,) = registrations.all(customer)
    assert (kept.content, kept.registered_at, kept.gone_at) == ({"deployment": "two"}, NOW, None)


def test_one_that_is_gone_is_kept_and_is_not_in_force(registrations, customer):
    registrations.put(customer, A, {}, NOW)
    registrations.put(customer, B, {}, NOW)
    assert registrations.end(customer, A, LATER)
    assert not registrations.end(customer, A, LATER)
    assert [(each.subscription_id, each.gone_at) for each in registrations.all(customer)] == [(B, None), (A, LATER)]
    assert list(registrations.in_force(customer)) == [B]


def test_registering_again_brings_it_back_as_new(registrations, customer):
    registrations.put(customer, A, {}, NOW)
    registrations.end(customer, A, NOW)
    assert registrations.put(customer, A, {}, LATER)
    (kept,) = registrations.all(customer)
    assert (kept.registered_at, kept.gone_at) == (LATER, None)
