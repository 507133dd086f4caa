from datetime import UTC, datetime

from gateway.console.setup.delivering import Deliverer, deliverers, others, registration_of
from gateway.stores.deployments import Deployment, StorageAccount
from gateway.stores.registrations import Registration

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
HERE, THERE = "0b1f6471-1bf0-4dda-aec3-cb9272f09590", "1c1f6471-1bf0-4dda-aec3-cb9272f09590"


def configured(name, *accounts, subscription=HERE):
    return Deployment(name, subscription, tuple(StorageAccount(each, "eastus") for each in accounts), NOW)


def registered(name, *accounts, subscription=HERE):
    return Registration(subscription, name, {"regions": [{"storageAccount": each} for each in accounts]}, NOW, None)


def test_a_deployment_is_registered_under_its_name_in_its_subscription():
    production = configured("azure-production", "one")
    elsewhere = registered("azure-production", "one", subscription=THERE)
    own = registered("azure-production", "two")
    assert registration_of(production, [elsewhere, own]) is own
    assert registration_of(production, [elsewhere]) is None


def test_a_module_that_was_not_told_the_name_is_recognised_by_the_account():
    production, test = configured("azure-production", "one"), configured("azure-test", "two")
    unnamed = registered("sluice-0a1b2c3d", "one")
    assert registration_of(production, [unnamed]) is unnamed
    assert registration_of(test, [unnamed]) is None
    # Once it is registered under its name, what was there before is another one.
    named = registered("azure-production", "one")
    assert registration_of(production, [unnamed, named]) is named


def test_the_registration_of_another_name_is_not_its_own():
    assert registration_of(configured("azure-test", "one"), [registered("azure-production", "one")]) is None


def also(account, deployment, registrations, configurations):
    found = others(deliverers(registrations, configurations), account, deployment, HERE)
    return [(each.deployment, each.subscription_id) for each in found]


def test_an_account_of_two_registrations_is_in_the_other_one_too():
    both = [registered("azure-production", "one"), registered("azure-test", "one", "two")]
    assert also("one", "azure-production", both, []) == [("azure-test", HERE)]
    assert also("one", "azure-test", both, []) == [("azure-production", HERE)]
    assert also("two", "azure-test", both, []) == []


def test_the_same_deployment_in_two_subscriptions_is_two():
    both = [registered("azure-production", "one"), registered("azure-production", "one", subscription=THERE)]
    assert also("one", "azure-production", both, []) == [("azure-production", THERE)]


def test_a_configuration_and_its_registration_are_one():
    production = configured("azure-production", "one", "two")
    assert also("one", "azure-production", [registered("azure-production", "one")], [production]) == []
    assert also("one", "sluice-0a1b2c3d", [registered("sluice-0a1b2c3d", "one")], [production]) == []


def test_an_account_that_is_only_configured_counts_too():
    production, test = configured("azure-production", "one"), configured("azure-test", "one")
    applied = [registered("azure-production", "one")]
    assert also("one", "azure-production", applied, [production, test]) == [("azure-test", HERE)]
    assert also("one", "azure-test", applied, [production, test]) == [("azure-production", HERE)]
    assert others({}, "one", "azure-test", HERE) == []
    assert Deliverer("a", THERE) < Deliverer("b", HERE)
