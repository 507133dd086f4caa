"""The module as a customer's own configuration calls it: more than once, with providers of its own."""

import json

import pytest

from dev.gateway.local import new_customer
from tests.terraform.module import run_terraform
from tests.terraform.site import A, B

_ROOT = """
variable "tokens" {
  type      = map(string)
  ephemeral = true
  sensitive = true
}

variable "accounts" {
  type = map(string)
}

variable "named" {
  type    = bool
  default = false
}

provider "azurerm" {
  subscription_id = "%s"
  features {}
}

provider "azuread" {}

module "sluice" {
  source   = "../terraform/modules/sluice"
  for_each = var.accounts

  apigw_url          = "%s"
  subscription_id    = "%s"
  subscription_token = var.tokens[each.key]
  deployment_name    = var.named ? "azure-${each.key}" : null
  region_set = {
    location1 = { location = "eastus", flow_logs_storage_account_id = each.value }
  }
}

output "apps" {
  value = { for name, sluice in module.sluice : name => sluice.function_apps["location1"].name }
}
"""


@pytest.fixture
def own(site):
    """Runs terraform in a customer's own root, with tokens of two customers that stand in no file."""
    folder = site.module.root / "own"
    folder.mkdir()
    other = new_customer(site.gateway.stores.database, "other")
    for account in ("logs1", "logs2"):
        site.entry(A, account)
    tokens = {"first": site.customer.subscription_token, "second": other.subscription_token}
    accounts = dict(zip(tokens, (account.id for account in site.azure.estate.accounts), strict=True))
    environment = site.module.environment | {
        "TF_VAR_tokens": json.dumps(tokens),
        "TF_VAR_accounts": json.dumps(accounts),
    }

    def run(command, *arguments, provider=A, **more):
        (folder / "main.tf").write_text(_ROOT % (provider, site.gateway.url, A))
        return run_terraform(folder, environment | more, command, "-input=false", "-no-color", *arguments)

    assert run("init").succeeded
    run.environment, run.folder = environment, folder
    run.registered = lambda: [
        sorted(each.subscription_id for each in site.gateway.stores.registrations.in_force(customer.number))
        for customer in (site.customer, other)
    ]
    return run


@pytest.mark.long
def test_it_is_called_twice_and_each_call_has_names_of_its_own(site, own):
    applied = own("apply", "-auto-approve")
    assert applied.succeeded, applied.error
    assert own.registered() == [[A], [A]]
    assert len({app.values["name"] for app in site.azure.estate.of("azurerm_function_app_flex_consumption")}) == 2
    assert own("plan", "-detailed-exitcode").nothing_to_do

    destroyed = own("destroy", "-auto-approve")  # the tokens are in no file, but in the vaults
    assert destroyed.succeeded, destroyed.error
    assert own.registered() == [[], []]
    assert not site.azure.estate.resources


@pytest.mark.long
def test_two_deployments_of_one_subscription_and_customer_register_side_by_side_and_end_one_by_one(site, own):
    token = site.customer.subscription_token
    both = {"TF_VAR_tokens": json.dumps({"first": token, "second": token}), "TF_VAR_named": "true"}

    def registered():
        found = site.gateway.stores.registrations.in_force(site.customer.number)
        return sorted((each.subscription_id, each.deployment) for each in found)

    applied = own("apply", "-auto-approve", **both)
    assert applied.succeeded, applied.error
    assert registered() == [(A, "azure-first"), (A, "azure-second")]

    second = json.loads(own.environment["TF_VAR_accounts"])["second"]
    one_gone = own("apply", "-auto-approve", **both | {"TF_VAR_accounts": json.dumps({"second": second})})
    assert one_gone.succeeded, one_gone.error
    assert registered() == [(A, "azure-second")]
    assert len(site.azure.estate.of("azurerm_function_app_flex_consumption")) == 1
    destroyed = own("destroy", "-auto-approve", **both)
    assert destroyed.succeeded, destroyed.error
    assert registered() == []


_WITH_ITS_ACCOUNT = """
variable "subscription_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

provider "azurerm" {
  subscription_id = "%s"
  features {}
}

provider "azuread" {}

resource "azurerm_resource_group" "logs" {
  name     = "ownlogs"
  location = "eastus"
}

resource "azurerm_storage_account" "logs" {
  name                     = "ownlogs"
  resource_group_name      = azurerm_resource_group.logs.name
  location                 = "eastus"
  account_tier             = "Standard"
  account_replication_type = "LRS"
}

module "sluice" {
  source = "../terraform/modules/sluice"

  apigw_url          = "%s"
  subscription_id    = "%s"
  subscription_token = var.subscription_token
  region_set = {
    location1 = { location = "eastus", flow_logs_storage_account_id = azurerm_storage_account.logs.id }
  }
}
"""


@pytest.mark.long
def test_the_account_may_be_made_in_the_same_apply(site):
    """As the module's README shows it: its id is not known before."""
    folder = site.module.root / "own"
    folder.mkdir()
    (folder / "main.tf").write_text(_WITH_ITS_ACCOUNT % (A, site.gateway.url, A))
    environment = site.module.environment | {"TF_VAR_subscription_token": site.customer.subscription_token}

    def run(command, *arguments):
        return run_terraform(folder, environment, command, "-input=false", "-no-color", *arguments)

    assert run("init").succeeded
    applied = run("apply", "-auto-approve")
    assert applied.succeeded, applied.error
    planned = run("plan", "-detailed-exitcode")
    assert planned.nothing_to_do, planned.output
    destroyed = run("destroy", "-auto-approve")
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left


@pytest.mark.long
def test_two_calls_for_one_account_have_nothing_in_common(site, own):
    """Two customers of one gateway may have the same account's logs delivered."""
    own.environment["TF_VAR_accounts"] = json.dumps(
        dict.fromkeys(("first", "second"), site.azure.estate.accounts[0].id)
    )
    applied = own("apply", "-auto-approve")
    assert applied.succeeded, applied.error
    assert own.registered() == [[A], [A]]
    assert len(site.azure.estate.of("azurerm_key_vault")) == 2


@pytest.mark.long
def test_what_a_second_call_left_is_taken_up_beside_a_first_one_that_is_applied(site, own):
    both = own.environment["TF_VAR_accounts"]
    own.environment["TF_VAR_accounts"] = json.dumps({"first": site.azure.estate.accounts[0].id})
    assert own("apply", "-auto-approve").succeeded
    own.environment["TF_VAR_accounts"] = both
    adopted = site.module.adopt(A, own.folder, own.environment)
    assert adopted.says("Nothing was left behind by an earlier apply."), adopted.output


def test_a_provider_of_another_subscription_is_refused(site, own):
    refused = own("plan", provider=B)
    assert not refused.succeeded
    assert refused.says(f"The provider azurerm is configured for subscription {B}, but the module is to onboard {A}.")
    assert not site.azure.journal
