from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.errors import AmbiguousError
from gateway.stores.registrations import Registrations

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A, B = "0b1f6471-1bf0-4dda-aec3-cb9272f09590", "1c1f6471-1bf0-4dda-aec3-cb9272f09590"
ONE, TWO = {"deployment": "one"}, {"deployment": "two"}


@pytest.fixture
def registrations(database):
    return Registrations(database)


def in_force(registrations, customer):
    return sorted((each.subscription_id, each.deployment) for each in registrations.in_force(customer))


def test_a_registration_is_new_once(registrations, customer):
    assert registrations.put(customer, A, ONE, NOW)
    assert not registrations.put(customer, A, ONE | {"regions": []}, LATER)
    (kept,) = registrations.all(customer)
    assert (kept.content, kept.registered_at, kept.gone_at) == (ONE | {"regions": []}, NOW, None)


def test_two_deployments_of_a_subscription_stand_side_by_side_and_end_one_by_one(registrations, customer):
    assert registrations.put(customer, A, ONE, NOW)
    assert registrations.put(customer, A, TWO, NOW)
    assert registrations.put(customer, B, ONE, NOW)
    assert registrations.end(customer, A, "one", LATER)
    assert not registrations.end(customer, A, "one", LATER)
    assert in_force(registrations, customer) == [(A, "two"), (B, "one")]


def test_one_that_is_gone_is_kept_and_listed_last(registrations, customer):
    registrations.put(customer, A, ONE, NOW)
    registrations.put(customer, B, ONE, NOW)
    assert registrations.end(customer, A, "one", LATER)
    assert [(each.subscription_id, each.gone_at) for each in registrations.all(customer)] == [(B, None), (A, LATER)]


def test_registering_again_brings_it_back_as_new(registrations, customer):
    registrations.put(customer, A, ONE, NOW)
    registrations.end(customer, A, "one", NOW)
    assert registrations.put(customer, A, ONE, LATER)
    (kept,) = registrations.all(customer)
    assert (kept.registered_at, kept.gone_at) == (LATER, None)


def test_the_only_deployment_of_a_subscription_is_known_without_its_name(registrations, customer):
    assert registrations.only_deployment(customer, A) is None
    registrations.put(customer, A, ONE, NOW)
    registrations.put(customer, B, TWO, NOW)
    assert registrations.only_deployment(customer, A) == "one"
    registrations.put(customer, A, TWO, NOW)
    with pytest.raises(AmbiguousError, match=f"2 deployments are registered in {A}"):
        registrations.only_deployment(customer, A)
    registrations.end(customer, A, "one", LATER)
    assert registrations.only_deployment(customer, A) == "two"


def test_each_has_a_key_of_its_own_for_addresses(registrations, customer):
    for subscription, name in ((A, "one"), (A, "two"), (B, "one"), (B, "\u202eexe/..\x00")):
        registrations.put(customer, subscription, {"deployment": name}, NOW)
    keys = [each.key for each in registrations.all(customer)]
    assert len(set(keys)) == 4
    assert all(key.isalnum() and key.isascii() for key in keys)
