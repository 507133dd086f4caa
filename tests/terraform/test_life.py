"""The module's whole life, with terraform itself, the reference gateway, and a stand-in for Azure."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dev.gateway.faults import Answer
from tests.terraform.site import A
from tests.terraform.standin.azure import Verb


def test_what_was_applied_needs_nothing_more_and_is_gone_after_destroy(applied):
    assert applied.registered == [A]
    planned = applied.module.plan(A)
    assert planned.nothing_to_do, planned.output
    destroyed = applied.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert applied.nothing_left
    made, removed = (sorted(applied.azure.done(verb)) for verb in (Verb.CREATE, Verb.DELETE))
    assert made == removed


@pytest.mark.long
def test_the_gateway_is_told_what_reads_the_subscription_and_what_delivers(applied):
    [registration] = applied.gateway.stores.registrations.in_force(applied.customer.number)
    [application] = applied.azure.estate.of("azuread_application")
    [app] = applied.azure.estate.of("azurerm_function_app_flex_consumption")
    assert registration.content["applicationId"] == application.values["client_id"]
    assert registration.content["regions"] == [
        {"location": "eastus", "storageAccount": "flowlogs1", "functionApp": app.values["name"]}
    ]


@pytest.mark.long
def test_what_was_ended_at_the_gateway_is_registered_again_as_the_console_says(applied):
    registrations, customer = applied.gateway.stores.registrations, applied.customer.number
    [ended] = registrations.in_force(customer)
    registrations.end(customer, ended.subscription_id, ended.deployment, datetime.now(UTC))
    assert applied.module.apply(A).succeeded
    assert not registrations.in_force(customer)  # Terraform does not notice
    again = applied.module.apply(A, "-replace=module.sluice.module.identity.terraform_data.registration")
    assert again.succeeded, again.error
    [registration] = registrations.in_force(customer)
    assert registration.content == ended.content


@pytest.mark.long
def test_an_account_may_be_given_by_its_id_and_alerts_by_mail(site):
    site.entry(A, "flowlogs1")
    entry = {"location": "eastus", "flow_logs_storage_account_id": site.azure.estate.accounts[0].id}
    site.module.write_variables(site.variables(location1=entry) | {"alert_email": "network-team@example.com"})
    applied = site.module.apply(A)
    assert applied.succeeded, applied.error
    given = {role.values["role_definition_name"] for role in site.azure.estate.of("azurerm_role_assignment")}
    assert {"Storage Blob Data Reader", "Storage Queue Data Contributor"} < given
    assert site.azure.estate.of("azurerm_monitor_action_group")
    assert site.module.plan(A).nothing_to_do
    destroyed = site.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left


@pytest.mark.long
def test_a_rotated_token_replaces_the_vaults_secret_and_touches_nothing_else(applied):
    tokens = applied.gateway.stores.tokens
    token, _ = tokens.add(applied.customer.number, datetime.now(UTC), timedelta(days=30))
    entry = applied.entry(A, "flowlogs1")
    applied.azure.journal.clear()
    applied.module.write_variables(applied.variables(location1=entry) | {"subscription_token": token})

    run = applied.module.apply(A)
    assert run.succeeded, run.error
    assert list(applied.azure.estate.vaults.secrets.values()) == [token]
    assert [(one.verb, one.type) for one in applied.azure.journal] == [(Verb.UPDATE, "azurerm_key_vault_secret")]
    assert applied.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_mistyped_token_does_not_take_the_place_of_one_that_works(applied):
    variables = applied.variables(location1=applied.entry(A, "flowlogs1"))
    applied.azure.journal.clear()
    applied.module.write_variables(variables | {"subscription_token": "mistyped-token"})

    refused = applied.module.apply(A)
    assert not refused.succeeded
    assert refused.says("The gateway refuses the subscription token (HTTP 401).")
    assert not applied.azure.journal
    applied.module.write_variables(variables)
    corrected = applied.module.apply(A)
    assert corrected.succeeded, corrected.error
    assert list(applied.azure.estate.vaults.secrets.values()) == [applied.customer.subscription_token]


@pytest.mark.long
def test_a_second_entry_adds_a_region_and_leaves_the_first_as_it_is(applied):
    before = {resource.id: resource.values for resource in applied.azure.estate.resources.values()}
    entries = {"location1": applied.entry(A, "flowlogs1"), "location2": applied.entry(A, "flowlogs2", "westeurope")}
    applied.module.write_variables(applied.variables(**entries))
    run = applied.module.apply(A)
    assert run.succeeded, run.error
    assert {name: applied.azure.estate.resources[name].values for name in before} == before
    assert len(applied.azure.estate.of("azurerm_function_app_flex_consumption")) == 2
    [registration] = applied.gateway.stores.registrations.in_force(applied.customer.number)
    assert [region["location"] for region in registration.content["regions"]] == ["eastus", "westeurope"]
    assert applied.module.plan(A).nothing_to_do


@pytest.mark.long
def test_changed_code_is_deployed_and_nothing_is_made_again(applied):
    function_app = applied.module.root / "function_app.py"
    changed = function_app.read_text() + "\n\ndef added() -> None:\n    pass\n"
    function_app.write_text(changed)

    run = applied.module.apply(A)
    assert run.succeeded, run.error
    [files] = applied.azure.estate.app_service.code.values()
    assert files["function_app.py"].decode() == changed
    assert applied.azure.done(Verb.DELETE) == []
    assert applied.module.plan(A).nothing_to_do


@pytest.mark.long
def test_everything_that_can_carry_tags_does(site):
    entry = site.entry(A, "flowlogs1")
    tagged = site.variables(location1=entry) | {
        "alert_email": "network-team@example.com",
        "tags": {"cost-centre": "4711"},
    }
    site.module.write_variables(tagged)
    run = site.module.apply(A)
    assert run.succeeded, run.error
    tags = {
        resource.type: resource.values["tags"]
        for resource in site.azure.estate.resources.values()
        if resource.type.startswith("azurerm_") and "tags" in resource.values
    }
    assert {"azurerm_key_vault_secret", "azurerm_function_app_flex_consumption"} < set(tags)
    assert [kind for kind, own in tags.items() if own != tags["azurerm_resource_group"]] == []
    assert tags["azurerm_resource_group"].keys() == {"application", "cost-centre", "installation"}


@pytest.mark.long
def test_a_deployment_that_is_given_a_name_is_registered_under_it_alone(applied):
    def registered():
        found = applied.gateway.stores.registrations.all(applied.customer.number)
        return {each.deployment: each.gone_at is None for each in found}

    [unnamed] = registered()
    variables = applied.variables(location1=applied.entry(A, "flowlogs1"))
    for name, before in (("azure-production", unnamed), ("azure-renamed", "azure-production")):
        applied.module.write_variables(variables | {"deployment_name": name})
        run = applied.module.apply(A)
        assert run.succeeded, run.error
        assert registered()[name]
        assert not registered()[before]
        assert applied.module.plan(A).nothing_to_do
    destroyed = applied.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert applied.nothing_left


@pytest.mark.long
def test_a_new_credential_is_registered_before_the_old_one_goes(applied):
    [old] = applied.azure.estate.of("azuread_application_password")
    renew = "-replace=module.sluice.module.identity.terraform_data.credential_issued"
    applied.faults.play(Answer(500))
    assert not applied.module.apply(A, renew).succeeded
    assert old in applied.azure.estate.of("azuread_application_password")  # the gateway knows no other one

    again = applied.module.apply(A)
    assert again.succeeded, again.error
    [new] = applied.azure.estate.of("azuread_application_password")
    assert new.id != old.id
    assert applied.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_python_of_another_name_is_given(site, tmp_path):
    other = tmp_path / "another python"
    (tmp_path / "bin" / "python3").rename(other)
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")) | {"python": str(other)})
    applied = site.module.apply(A)
    assert applied.succeeded, applied.error
    destroyed = site.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left


@pytest.mark.long
def test_everything_goes_after_the_flow_logs_account_is_gone(applied):
    applied.azure.estate.lose(applied.azure.estate.accounts[0])
    run = applied.module.destroy(A)
    assert run.succeeded, run.error
    assert applied.nothing_left


@pytest.mark.long
def test_an_entry_whose_account_is_gone_is_taken_out(applied):
    first, second = applied.entry(A, "flowlogs1"), applied.entry(A, "flowlogs2", "westeurope")
    applied.module.write_variables(applied.variables(location1=first, location2=second))
    assert applied.module.apply(A).succeeded
    applied.azure.estate.lose(applied.azure.estate.accounts[1])
    assert applied.module.plan(A).says("The storage account flowlogs2 of region_set is not in subscription")
    applied.module.write_variables(applied.variables(location1=first))
    run = applied.module.apply(A)
    assert run.succeeded, run.error
    assert len(applied.azure.estate.of("azurerm_function_app_flex_consumption")) == 1


@pytest.mark.long
def test_everything_goes_without_the_file_of_variables(applied):
    file = applied.module.folder / "terraform.tfvars.json"
    given = {
        f"TF_VAR_{name}": v if isinstance(v, str) else json.dumps(v) for name, v in json.loads(file.read_text()).items()
    }
    file.unlink()
    run = applied.module.destroy(A, **given)
    assert run.succeeded, run.error
    assert applied.nothing_left
