"""Whatever fails, a message says what to do, the same command succeeds later, and destroy leaves nothing."""

import json
import sys
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from dev.gateway.faults import Answer
from dev.gateway.local import new_customer, run_in_thread
from tests.terraform.site import A
from tests.terraform.standin.app_service import Deployment
from tests.terraform.standin.azure import Failure, Verb


@pytest.fixture
def ready(site):
    """A site with the variables of one entry written."""
    site.module.write_variables(site.variables(location1=site.entry(A, "flowlogs1")))
    return site


def registration_answered_with(status):
    return lambda site: site.faults.play(Answer(status))


def deployment_refused(site):
    site.azure.estate.app_service.accepts = HTTPStatus.BAD_REQUEST


def deployment_failing(site):
    site.azure.estate.app_service.deploys = Deployment.FAILED


def key_never_made(site):
    site.azure.estate.app_service.loads_code = False


def failing(kind, *, half_way=False):
    return lambda site: site.azure.failures.append(Failure(Verb.CREATE, kind, half_way))


def put_right(site):
    service = site.azure.estate.app_service
    service.accepts, service.deploys, service.loads_code = HTTPStatus.ACCEPTED, Deployment.SUCCEEDED, True


FAILURES = {
    "registration 500": (registration_answered_with(500), "The gateway is not working (HTTP 500)."),
    "registration 401": (
        registration_answered_with(401),
        "Get a new one from its console, put it into terraform.tfvars.json, and apply again.",
    ),
    "deployment refused": (deployment_refused, "refuses the package (HTTP 400)."),
    "deployment failing": (
        deployment_failing,
        "The reason is in the portal, under the function app's Deployment Center.",
    ),
    "key never made": (
        key_never_made,
        "does not accept the key blobs_extension (HTTP 400): its host is not running, or did not load the code.",
    ),
    "app half made": (failing("azurerm_function_app_flex_consumption", half_way=True), "half-way"),
    "secret not written": (failing("azurerm_key_vault_secret"), "create azurerm_key_vault_secret"),
}


@pytest.mark.long
@pytest.mark.parametrize(("break_down", "message"), FAILURES.values(), ids=FAILURES)
def test_a_failed_apply_says_what_to_do_and_succeeds_when_tried_again(ready, break_down, message):
    break_down(ready)
    failed = ready.module.apply(A)
    assert not failed.succeeded
    assert failed.says(message), failed.error

    put_right(ready)
    again = ready.module.apply(A)
    assert again.succeeded, again.error
    assert ready.registered == [A]
    assert len(ready.azure.estate.of("azurerm_eventgrid_event_subscription")) == 2


@pytest.mark.long
@pytest.mark.parametrize("failure", ["registration 401", "app half made"])
def test_destroy_after_a_failed_apply_leaves_nothing(ready, failure):
    break_down, _ = FAILURES[failure]
    break_down(ready)
    assert not ready.module.apply(A).succeeded
    run = ready.module.destroy(A)
    assert run.succeeded, run.error
    assert ready.nothing_left


@pytest.mark.long
def test_a_gateway_out_of_order_stops_a_destroy_that_succeeds_later(ready):
    assert ready.module.apply(A).succeeded
    ready.faults.play(Answer(500))
    failed = ready.module.destroy(A)
    assert failed.says("did not deregister the subscription (HTTP 500). Run the same command again later.")
    assert ready.azure.estate.of("azuread_application")  # which the gateway can use for as long as it knows of it
    roles = [role.values["role_definition_name"] for role in ready.azure.estate.of("azurerm_role_assignment")]
    assert "Security Reader" in roles
    assert ready.module.destroy(A).succeeded
    assert ready.nothing_left


@pytest.mark.long
def test_a_destroy_that_azure_stopped_continues_when_tried_again(ready):
    assert ready.module.apply(A).succeeded
    ready.azure.failures.append(Failure(Verb.DELETE, "azurerm_key_vault"))
    assert not ready.module.destroy(A).succeeded
    again = ready.module.destroy(A)
    assert again.succeeded, again.error
    assert ready.nothing_left


def test_a_refused_token_warns_and_lets_everything_in_azure_go(ready):
    assert ready.module.apply(A).succeeded
    ready.faults.play(Answer(401))
    run = ready.module.destroy(A)
    assert run.succeeded
    assert run.says("Warning: The gateway refuses the subscription token (HTTP 401).")
    assert not ready.azure.estate.resources
    assert ready.registered == [A]


@pytest.mark.long
def test_a_mistyped_gateway_is_mended_by_correcting_it(ready):
    right = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
    wrong = right | {"apigw_url": "https://127.0.0.1:1"}
    ready.module.write_variables(wrong)
    failed = ready.module.apply(A)
    assert failed.says("The gateway at https://127.0.0.1:1 can't be reached")
    ready.module.write_variables(right)
    corrected = ready.module.apply(A)
    assert corrected.succeeded, corrected.error
    assert ready.registered == [A]
    assert ready.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_gateway_that_is_mistyped_later_takes_no_registration_away(ready):
    assert ready.module.apply(A).succeeded
    right = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
    ready.module.write_variables(right | {"apigw_url": "https://127.0.0.1:1"})
    failed = ready.module.apply(A)
    assert failed.says("The gateway at https://127.0.0.1:1 can't be reached")
    assert ready.registered == [A]
    ready.module.write_variables(right)
    corrected = ready.module.apply(A)
    assert corrected.succeeded, corrected.error
    assert ready.registered == [A]
    assert ready.module.plan(A).nothing_to_do


@pytest.mark.long
def test_a_move_to_another_gateway_registers_there_and_ends_the_registration_at_the_old_one(ready, tmp_path):
    assert ready.module.apply(A).succeeded
    with run_in_thread(tmp_path / "second") as second:
        customer = new_customer(second.stores.database, "customer")
        moved = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
        moved |= {"apigw_url": second.url, "subscription_token": customer.subscription_token}
        ready.module.write_variables(moved)
        run = ready.module.apply(A)
        assert run.succeeded, run.error
        assert [each.subscription_id for each in second.stores.registrations.in_force(customer.number)] == [A]
        assert ready.registered == [], run.output
        assert ready.module.plan(A).nothing_to_do
        assert ready.module.destroy(A).succeeded
        assert not second.stores.registrations.in_force(customer.number)


@pytest.mark.long
def test_a_python_of_another_machine_holds_no_destroy_up(ready, tmp_path):
    python = tmp_path / "python-of-another-machine"
    python.symlink_to(Path(sys.executable).resolve())
    variables = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
    ready.module.write_variables(variables | {"python": str(python)})
    assert ready.module.apply(A).succeeded
    python.unlink()
    ready.module.write_variables(variables)
    destroyed = ready.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert ready.nothing_left


@pytest.mark.long
def test_destroy_after_a_mistyped_gateway_leaves_nothing(ready):
    variables = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
    ready.module.write_variables(variables | {"apigw_url": "https://127.0.0.1:1"})
    assert not ready.module.apply(A).succeeded
    run = ready.module.destroy(A)
    assert run.succeeded, run.error
    assert ready.nothing_left


@pytest.mark.long
def test_a_function_app_that_does_not_answer_holds_nothing_up(ready):
    assert ready.module.apply(A).succeeded
    ready.azure.estate.app_service.loads_code = False
    planned = ready.module.plan(A)
    assert planned.nothing_to_do, planned.output
    tokens = ready.gateway.stores.tokens
    token, _ = tokens.add(ready.customer.number, datetime.now(UTC), timedelta(days=30))
    variables = json.loads((ready.module.folder / "terraform.tfvars.json").read_text())
    ready.module.write_variables(variables | {"subscription_token": token})
    rotated = ready.module.apply(A)
    assert rotated.succeeded, rotated.error
    assert list(ready.azure.estate.vaults.secrets.values()) == [token]
    destroyed = ready.module.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert ready.nothing_left


@pytest.mark.long
def test_what_others_changed_in_azure_needs_nothing(ready):
    assert ready.module.apply(A).succeeded
    [vault] = ready.azure.estate.of("azurerm_key_vault")
    [app] = ready.azure.estate.of("azurerm_function_app_flex_consumption")
    vault.values["purge_protection_enabled"] = True  # as a policy does it
    app.values["tags"] = app.values["tags"] | {"hidden-link: /app-insights-resource-id": "x"}  # as the portal does it
    planned = ready.module.plan(A)
    assert planned.nothing_to_do, planned.output


@pytest.mark.long
def test_a_gateway_that_is_gone_for_good_holds_no_change_up(ready):
    assert ready.module.apply(A).succeeded
    file = ready.module.folder / "terraform.tfstate"
    for kept in (file, ready.module.folder / "terraform.tfvars.json"):
        kept.write_text(kept.read_text().replace(ready.gateway.url, "https://127.0.0.1:1"))
    failed = ready.module.destroy(A)
    assert failed.says("If the gateway is gone for good, set SLUICE_LEAVE_REGISTRATION=1 in the environment")
    destroyed = ready.module.destroy(A, SLUICE_LEAVE_REGISTRATION="1")
    assert destroyed.succeeded, destroyed.error
    assert not ready.azure.estate.resources


@pytest.mark.long
def test_a_vault_that_does_not_know_its_role_yet_is_waited_for(ready):
    ready.azure.estate.vaults.closed_for = 1
    run = ready.module.apply(A, SLUICE_PATIENCE="10")
    assert run.succeeded, run.error


def test_a_vault_that_stays_closed_is_named_with_what_it_takes(ready):
    ready.azure.estate.vaults.closed_for = 1000
    run = ready.module.apply(A)
    assert run.says("does not grant access")
    assert run.says("with the role Key Vault Secrets Officer on the vault, then apply again.")
