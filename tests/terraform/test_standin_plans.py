"""The stand-in refuses a configuration as the real providers do, and plans what is not known yet as such."""

import pytest

from tests.terraform.makings import APP, GROUP, SECRET, STORAGE, TYPES, VAULT, config
from tests.terraform.module import require_terraform
from tests.terraform.standin.planning import mistakes, planned, replacing
from tests.terraform.standin.values import UNKNOWN, decode, encode


@pytest.mark.parametrize("line", ['colour = "red"', "colour {\n}"])
def test_an_unknown_argument_or_block_is_refused(site, line):
    resource = f'resource "azurerm_resource_group" "that" {{\n  name = "that"\n  location = "eastus"\n  {line}\n}}\n'
    (site.module.folder / "added.tf").write_text(resource)
    run = site.module.terraform("validate", "-no-color")
    assert not run.succeeded
    assert run.says("Unsupported argument") or run.says("Unsupported block type")


def test_a_missing_argument_is_refused(site):
    (site.module.folder / "added.tf").write_text('resource "azurerm_resource_group" "that" {\n  name = "that"\n}\n')
    assert site.module.terraform("validate", "-no-color").says('The argument "location" is required')


def test_the_provider_needs_a_subscription_id(site, tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "main.tf").write_text('provider "azurerm" {\n  features {}\n}\ndata "azurerm_client_config" "this" {}\n')
    run = site.module.terraform(f"-chdir={folder}", "plan", "-no-color", "-input=false")
    assert run.says("`subscription_id` is a required provider property")


def test_what_azure_gives_is_unknown_at_plan():
    plan = planned(TYPES[VAULT], config(VAULT, name="vault"))
    assert plan["id"] == plan["vault_uri"] == UNKNOWN
    assert plan["name"] == "vault"


def test_unknown_values_are_exchanged_as_such():
    assert decode(encode({"id": UNKNOWN, "names": ["a", UNKNOWN]})) == {"id": UNKNOWN, "names": ["a", UNKNOWN]}


def test_what_is_not_given_has_its_default():
    assert planned(TYPES[VAULT], config(VAULT))["soft_delete_retention_days"] == 90
    assert planned(TYPES[VAULT], config(VAULT, soft_delete_retention_days=7))["soft_delete_retention_days"] == 7


def test_what_can_not_be_changed_replaces_the_resource():
    prior = planned(TYPES[GROUP], config(GROUP, name="group", location="eastus", tags={}))
    moved = planned(TYPES[GROUP], config(GROUP, name="group", location="westeurope", tags={"a": "b"}))
    assert replacing(TYPES[GROUP], prior, moved) == ["location"]


@pytest.mark.parametrize(
    ("kind", "given", "mistake"),
    [
        (SECRET, {"value": "a", "value_wo": "b"}, "exactly one of value, value_wo must be given"),
        (SECRET, {}, "exactly one of value, value_wo must be given"),
        (APP, {"runtime_name": "cobol"}, "runtime_name must be one of"),
        (STORAGE, {"name": "With-Hyphen"}, "name must match"),
    ],
)
def test_values_that_the_provider_knows_to_be_wrong_are_refused(kind, given, mistake):
    assert any(found.startswith(mistake) for found in mistakes(TYPES[kind], config(kind, **given)))


def test_values_that_are_right_or_unknown_are_not_refused():
    assert mistakes(TYPES[SECRET], config(SECRET, value_wo=UNKNOWN)) == []
    assert mistakes(TYPES[SECRET], config(SECRET, value=UNKNOWN, value_wo="b")) == []
    assert mistakes(TYPES[STORAGE], config(STORAGE, name=UNKNOWN)) == []
    assert mistakes(TYPES[APP], config(APP, runtime_name="python")) == []


def test_without_terraform_the_tests_are_skipped_and_in_ci_they_fail():
    with pytest.raises(pytest.skip.Exception, match="terraform is not installed"):
        require_terraform(None, in_ci=False)
    with pytest.raises(pytest.fail.Exception, match="terraform is not installed"):
        require_terraform(None, in_ci=True)
    require_terraform("/usr/bin/terraform", in_ci=True)
