"""What others did to Azure: each ends in a sentence, or in nothing to do, and destroy leaves nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.terraform.site import A


@pytest.mark.long
def test_letters_that_azure_writes_otherwise_change_nothing_and_an_account_that_is_gone_stops_no_destroy(by_identity):
    by_identity.azure.estate.shouts = True
    planned = by_identity.module.plan(A)
    assert planned.nothing_to_do, planned.output

    by_identity.azure.estate.lose(by_identity.azure.estate.accounts[0])
    refused = by_identity.module.plan(A)
    assert refused.says("The storage account flowlogs1 of region_set is not in subscription")
    destroyed = by_identity.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert by_identity.nothing_left


@pytest.mark.long
def test_a_destroy_that_a_lock_or_a_missing_right_stops_continues_later(applied):
    conditions = applied.azure.estate.conditions
    [account] = applied.azure.estate.accounts
    conditions.locks.append(account.id)
    locked = applied.module.destroy(A)
    assert locked.says(f"following scope(s) are locked: '{account.id}'. Please remove the lock and try again.")

    conditions.locks.clear()
    conditions.keeps_deleted = True
    forbidden = applied.module.destroy(A)
    assert forbidden.says("the caller may not purge deleted vaults")
    destroyed = applied.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert applied.nothing_left


@pytest.mark.long
def test_purge_protection_that_a_policy_turns_on_is_left_on(site):
    site.azure.estate.conditions.purge_protection = True
    entry = site.entry(A, "flowlogs1")
    site.module.write_variables(site.variables(location1=entry))
    assert site.module.apply(A).succeeded
    assert site.module.plan(A).nothing_to_do

    site.module.write_variables(site.variables(location1=entry) | {"tags": {"cost-centre": "4711"}})
    tagged = site.module.apply(A)
    assert tagged.succeeded, tagged.error
    assert site.module.plan(A).nothing_to_do
    destroyed = site.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left
    assert sorted((kind for kind, _ in site.azure.estate.deleted), reverse=True) == [
        "azurerm_key_vault",
        "azuread_application",
    ]


@pytest.mark.long
def test_what_a_policy_refuses_is_named_and_made_once_it_is_allowed(site):
    site.azure.estate.conditions.denied["azurerm_key_vault"] = "Key vaults should disable public network access"
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    refused = site.module.apply(A)
    assert refused.says("was disallowed by policy. Policy: 'Key vaults should disable public network access'.")

    site.azure.estate.conditions.denied.clear()
    again = site.module.apply(A)
    assert again.succeeded, again.error
    assert site.module.plan(A).nothing_to_do


@pytest.mark.long
def test_tags_that_a_policy_adds_are_nothing_to_do_once_they_are_given(site):
    site.azure.estate.conditions.added_tags = {"environment": "production"}
    entry = site.entry(A, "flowlogs1")
    site.module.write_variables(site.variables(location1=entry))
    assert site.module.apply(A).succeeded
    assert site.module.plan(A).changes  # which each apply makes, and the policy undoes

    site.module.write_variables(site.variables(location1=entry) | {"tags": {"environment": "production"}})
    assert site.module.apply(A).succeeded
    planned = site.module.plan(A)
    assert planned.nothing_to_do, planned.output


@pytest.mark.long
def test_an_action_group_that_is_not_there_is_named_and_corrected(site):
    entry = site.entry(A, "flowlogs1")
    group = f"/subscriptions/{A}/resourceGroups/operations/providers/Microsoft.Insights/actionGroups/missing"
    site.module.write_variables(site.variables(location1=entry) | {"alert_action_group_id": group})
    refused = site.module.apply(A)
    assert refused.says(f"{group} was not found")

    site.module.write_variables(site.variables(location1=entry))
    again = site.module.apply(A)
    assert again.succeeded, again.error
    assert site.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_sick_region_keeps_no_new_token_from_the_others_and_no_destroy(applied):
    entries = {"location1": applied.entry(A, "flowlogs1"), "location2": applied.entry(A, "flowlogs2", "westeurope")}
    applied.module.write_variables(applied.variables(**entries))
    assert applied.module.apply(A).succeeded
    applied.azure.estate.conditions.sick.add("westeurope")
    token, _ = applied.gateway.stores.tokens.add(applied.customer.number, datetime.now(UTC), timedelta(days=30))
    applied.module.write_variables(applied.variables(**entries) | {"subscription_token": token})
    rotated = applied.module.apply(A)
    destroyed = applied.module.destroy(A)
    assert rotated.succeeded, rotated.error
    assert destroyed.succeeded, destroyed.error
    assert applied.nothing_left


@pytest.mark.long
def test_a_region_that_is_sick_at_first_is_named_and_delivers_once_it_is_well(site):
    entries = {"location1": site.entry(A, "flowlogs1"), "location2": site.entry(A, "flowlogs2", "westeurope")}
    site.azure.estate.conditions.sick.add("westeurope")
    site.module.write_variables(site.variables(**entries))
    failed = site.module.apply(A)
    apps = site.azure.estate.of("azurerm_function_app_flex_consumption")
    hosts = {app.values["location"]: app.values["default_hostname"] for app in apps}
    told = f"The function app {hosts['westeurope']} does not accept the key blobs_extension (HTTP 400)"
    assert failed.says(told), failed.error
    assert set(site.azure.estate.app_service.keys) == {hosts["eastus"]}
    assert site.registered == [A]

    site.azure.estate.conditions.sick.clear()
    again = site.module.apply(A)
    assert again.succeeded, again.error
    assert site.registered == [A]
    assert site.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_region_that_stays_sick_is_taken_out_and_the_others_continue(site):
    well = site.entry(A, "flowlogs1")
    site.azure.estate.conditions.sick.add("westeurope")
    site.module.write_variables(site.variables(location1=well, location2=site.entry(A, "flowlogs2", "westeurope")))
    assert not site.module.apply(A).succeeded
    site.module.write_variables(site.variables(location1=well))
    without = site.module.apply(A)
    assert without.succeeded, without.error
    assert len(site.azure.estate.of("azurerm_eventgrid_event_subscription")) == 2
    assert site.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_new_entry_changes_nothing_of_the_others_but_what_is_told_of_all(applied):
    entries = {"location1": applied.entry(A, "flowlogs1"), "location2": applied.entry(A, "flowlogs2", "westeurope")}
    applied.module.write_variables(applied.variables(**entries))
    planned = applied.module.plan(A)
    touched = [
        line.partition("# ")[2].partition(" ")[0]
        for line in planned.output.splitlines()
        if line.startswith("  # ") and "will be created" not in line
    ]
    told_anew = {"module.sluice.module.identity.terraform_data.registration", "module.sluice.terraform_data.summary"}
    assert set(touched) == told_anew, planned.output


@pytest.mark.long
def test_a_plan_is_empty_after_every_kind_of_update(applied):
    first, second = applied.entry(A, "flowlogs1"), applied.entry(A, "flowlogs2", "westeurope")
    both = applied.variables(location1=first, location2=second)
    mailed = {"alert_email": "operators@example.com"}
    updates = [
        both | mailed,
        both | mailed | {"tags": {"cost-centre": "4711"}, "instance_memory_in_mb": 4096, "start_from": "2026-11-01"},
        both | {"tags": {"cost-centre": "4712"}, "start_from": "2026-11-02", "credential_lifetime_in_days": 100},
        both | mailed,
        both,
        applied.variables(location1=second),
    ]
    for variables in updates:
        applied.module.write_variables(variables)
        run = applied.module.apply(A)
        assert run.succeeded, run.error
        planned = applied.module.plan(A)
        assert planned.nothing_to_do, planned.output
    events = applied.azure.estate.of("azurerm_eventgrid_event_subscription")
    assert {one.values["scope"].rpartition("/")[2] for one in events} == {"flowlogs2"}
