"""What is wrong is said in a sentence, before anything is made or removed."""

import pytest

from tests.terraform.site import A, B, connection_string


@pytest.fixture
def refused(site):
    """Plans a region_set, which must be refused; gives what terraform said."""

    def plan(entry, subscription=A):
        site.module.write_variables(site.variables(location1=entry))
        run = site.module.plan(subscription)
        assert not run.succeeded
        assert not run.changes
        assert "a2V5LW9m" not in run.output  # the account's key
        return run

    return plan


def test_without_a_subscription_id_terraform_asks_for_one(site):
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    run = site.module.terraform("apply", "-auto-approve", "-input=false", "-no-color")
    assert run.says('The root module input variable "subscription_id" is not set, and has no default value.')
    assert not site.azure.journal


def test_an_account_in_another_location_is_refused(site, refused):
    run = refused(site.entry(A, "flowlogs1", "westeurope") | {"location": "eastus"})
    assert run.says(
        "The storage account flowlogs1 of region_set is not in eastus but in westeurope. Correct the entry's location."
    )


def test_an_account_that_is_not_in_the_subscription_is_refused(site, refused):
    run = refused(site.entry(B, "flowlogs1"))
    assert run.says(f"The storage account flowlogs1 of region_set is not in subscription {A}, or you may not see it.")


def test_both_ways_to_connect_at_once_are_refused(site, refused):
    entry = site.entry(A, "flowlogs1")
    both = entry | {"flow_logs_storage_account_id": site.azure.estate.accounts[0].id}
    assert refused(both).says(
        "Each entry of region_set must have exactly one of flow_logs_storage_connection_string and "
        "flow_logs_storage_account_id."
    )


def test_a_misspelt_key_of_an_entry_is_refused(refused):
    misspelt = {"location": "eastus", "flow_log_storage_connection_string": connection_string("flowlogs1")}
    assert refused(misspelt).says("Check their spelling.")


@pytest.mark.long
def test_another_subscription_in_the_same_state_is_refused_and_nothing_changes(site):
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    assert site.module.apply(A).succeeded
    site.azure.journal.clear()

    for run in (site.module.apply(B), site.module.destroy(B)):
        assert not run.succeeded
        assert run.says(f"This state belongs to another subscription, {A}, and nothing was changed.")
    assert not site.azure.journal
    assert site.registered == [A]


@pytest.mark.long
def test_destroying_one_subscription_leaves_the_other_as_it_is(site):
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    site.module.write_variables(site.variables(location1=site.entry(B, "flowlogs2")), "b.tfvars.json")
    variables = "-var-file=b.tfvars.json"
    assert site.module.apply(A).succeeded
    of_a = dict(site.azure.estate.resources)
    assert site.module.terraform("workspace", "new", "b").succeeded
    applied = site.module.apply(B, variables)
    assert applied.succeeded, applied.error
    assert site.registered == [A, B]

    destroyed = site.module.destroy(B, variables)
    assert destroyed.succeeded, destroyed.error
    assert site.registered == [A]
    assert site.azure.estate.resources == of_a
    assert site.module.terraform("workspace", "select", "default").succeeded
    assert site.module.plan(A).nothing_to_do
