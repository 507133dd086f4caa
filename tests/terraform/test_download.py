"""The console's download, as a customer applies it: with nothing of a checkout beside it, and without pip."""

import datetime as dt
import json
import zipfile

import pytest

from gateway.clock import iso
from gateway.console.setup.scripts import pack, variables
from gateway.stores.deployments import Deployment, StorageAccount
from tests.terraform.module import Module
from tests.terraform.site import A, connection_string


@pytest.fixture
def downloaded(site, tmp_path):
    """The unzipped download, in which `terraform init` was run."""
    entry = site.entry(A, "flowlogs1")
    deployment = Deployment(
        "azure-production", A, (StorageAccount("flowlogs1", entry["location"]),), dt.datetime.now(dt.UTC)
    )
    filled_in = variables(deployment, {"flowlogs1": connection_string("flowlogs1")}, site.gateway.url)
    content = tmp_path / "download.zip"
    content.write_bytes(pack("terraform", filled_in, "what to do", site.package))
    with zipfile.ZipFile(content) as archive:
        archive.extractall(tmp_path / "downloaded")
    module = Module(tmp_path / "downloaded", site.module.environment)
    run = module.terraform("init", "-input=false", "-no-color")
    assert run.succeeded, run.output
    return module


def test_it_is_valid_as_it_comes(downloaded):
    run = downloaded.terraform("validate", "-no-color")
    assert run.succeeded, run.output


def test_without_a_token_nothing_is_applied(site, downloaded):
    run = downloaded.apply(A)
    assert not run.succeeded
    assert "subscription_token" in run.output
    assert site.nothing_left


@pytest.mark.long
def test_with_a_token_it_is_applied_and_destroyed(site, downloaded):
    written = json.loads((downloaded.folder / "terraform.tfvars.json").read_text())
    downloaded.write_variables(written | {"subscription_token": site.customer.subscription_token})
    [token] = site.gateway.stores.tokens.all(site.customer.number)
    applied = downloaded.apply(A)
    assert applied.succeeded, applied.error
    [registration] = site.gateway.stores.registrations.in_force(site.customer.number)
    assert (registration.subscription_id, registration.deployment) == (A, "azure-production")
    assert registration.cloud == "public"
    [credential] = site.azure.estate.of("azuread_application_password")
    assert iso(registration.credential_expires_at) == credential.values["end_date"]
    for told in (
        "Sluice delivers. First records appear within 5 minutes, if there is traffic.",
        f"Console: {site.gateway.url}/setup/flow-logs/azure-production",
        f"Subscription token: valid until {iso(token.expires_at)}",
    ):
        assert applied.says(told)
    shown = json.loads(downloaded.terraform("output", "-json").output)
    assert list(shown)[-1] == "view_records"
    assert shown["view_records"]["value"]["console"] == f"{site.gateway.url}/setup/flow-logs/azure-production"
    [group] = [
        each for each in site.azure.estate.of("azurerm_resource_group") if "location1" not in each.values["name"]
    ]
    assert group.values["tags"]["deployment"] == "azure-production"
    assert downloaded.plan(A).nothing_to_do
    assert not (downloaded.root / "dist").exists()
    destroyed = downloaded.destroy(A)
    assert destroyed.succeeded, destroyed.error
    assert site.nothing_left


@pytest.mark.long
def test_a_package_of_another_release_is_deployed(site, downloaded):
    written = json.loads((downloaded.folder / "terraform.tfvars.json").read_text())
    downloaded.write_variables(written | {"subscription_token": site.customer.subscription_token})
    assert downloaded.apply(A).succeeded
    with zipfile.ZipFile(downloaded.folder / "function.zip", "a") as archive:
        archive.writestr("newer.py", "")
    assert downloaded.plan(A).changes
