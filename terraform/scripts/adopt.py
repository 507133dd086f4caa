#!/usr/bin/env python3
"""Take up what an apply made and did not live to write into the state.

    python3 scripts/adopt.py SUBSCRIPTION_ID [-var-file=FILE]

It is run in the folder where terraform is, and hands the options on to terraform. An apply that is ended can leave
resources that the state does not have: Azure had made them, and terraform did not hear of it. They are found by their
names, which only this installation has, and imported; the token's secret is removed from the vault. Nothing else is
changed in Azure. Then apply, or destroy.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_USAGE = 2
_ROUNDS = 8  # a resource is found once what it is in is known
_GROUP = "/subscriptions/{subscription}/resourceGroups/{resource_group_name}/providers"

# The id of each type, and the version of the API that is asked. Left out: the credential of an application, which goes
# with the application.
_TYPES = {
    "azurerm_application_insights": (_GROUP + "/Microsoft.Insights/components/{name}", "2020-02-02"),
    "azurerm_eventgrid_event_subscription": (
        "{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{name}",
        "2022-06-15",
    ),
    "azurerm_function_app_flex_consumption": (_GROUP + "/Microsoft.Web/sites/{name}", "2023-12-01"),
    "azurerm_key_vault": (_GROUP + "/Microsoft.KeyVault/vaults/{name}", "2023-07-01"),
    "azurerm_log_analytics_workspace": (_GROUP + "/Microsoft.OperationalInsights/workspaces/{name}", "2022-10-01"),
    "azurerm_monitor_action_group": (_GROUP + "/Microsoft.Insights/actionGroups/{name}", "2023-01-01"),
    "azurerm_monitor_scheduled_query_rules_alert_v2": (
        _GROUP + "/Microsoft.Insights/scheduledQueryRules/{name}",
        "2022-06-15",
    ),
    "azurerm_resource_group": ("/subscriptions/{subscription}/resourceGroups/{name}", "2021-04-01"),
    "azurerm_role_assignment": ("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", "2022-04-01"),
    "azurerm_service_plan": (_GROUP + "/Microsoft.Web/serverFarms/{name}", "2023-12-01"),
    "azurerm_storage_account": (_GROUP + "/Microsoft.Storage/storageAccounts/{name}", "2023-01-01"),
    "azurerm_storage_container": ("{storage_account_id}/blobServices/default/containers/{name}", "2023-01-01"),
    "azurerm_storage_management_policy": ("{storage_account_id}/managementPolicies/default", "2023-01-01"),
    "azurerm_user_assigned_identity": (
        _GROUP + "/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
        "2023-01-31",
    ),
}


class Failed(Exception):  # noqa: N818 -- what happened
    """It can't go on, for the reason that it tells."""


class Azure:
    """Asks az what is there.

    Attributes:
        subscription: id of the subscription that every call names.
    """

    def __init__(self, subscription: str) -> None:
        self.subscription = subscription
        self._program = _program("az")
        self._graph = ""

    def has(self, resource_id: str, version: str) -> bool:
        """Whether there is a resource of this id."""
        return self._get(resource_id, "api-version=" + version) is not None

    def in_directory(self, kind: str, condition: str) -> str | None:
        """Id of the one object of the directory that a condition holds for, such as `displayName eq 'x'`; else None."""
        if not self._graph:
            said = self._az("cloud", "show", "--query", "endpoints.microsoftGraphResourceId", "--output", "json")
            self._graph = json.loads(said.stdout).rstrip("/") if said.returncode == 0 else "https://graph.microsoft.com"
        found = (self._get(f"{self._graph}/v1.0/{kind}", f"$filter={condition}") or {}).get("value", [])
        return str(found[0]["id"]) if len(found) == 1 else None

    def groups(self) -> list[str]:
        """Names of the resource groups that an installation made."""
        said = self._az("group", "list", "--tag", "application=sluice", "--query", "[].name", "--output", "json")
        return [str(name) for name in json.loads(said.stdout)] if said.returncode == 0 else []

    def remove_secret(self, vault_id: str, name: str) -> bool:
        """Remove a secret from a vault, so that it can be written anew. Says whether it was there."""
        words = ("--vault-name", vault_id.rpartition("/")[2], "--name", name, "--output", "none")
        if self._az("keyvault", "secret", "show", *words).returncode:
            return False
        removed = self._az("keyvault", "secret", "delete", *words)
        if removed.returncode:
            raise Failed(f"az could not remove the secret {name} of {vault_id}: {removed.stderr.strip()}")
        self._az("keyvault", "secret", "purge", *words)  # where nobody may purge, the provider recovers it
        return True

    def _get(self, url: str, parameter: str) -> dict[str, Any] | None:
        """What stands at an address; None if nothing does."""
        # No parameter is in the address: az is a batch file on Windows, where an ampersand would end the command.
        said = self._az("rest", "--method", "get", "--url", url, "--url-parameters", parameter)
        if said.returncode == 0:
            found: dict[str, Any] = json.loads(said.stdout)
            return found
        if "NotFound" in said.stderr or "could not be found" in said.stderr or "Not Found" in said.stderr:
            return None
        raise Failed(f"az could not look for {url}: {said.stderr.strip()}")

    def _az(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, *words, "--subscription", self.subscription, "--only-show-errors"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Failed(f"{name} is not on the PATH. Install it, or put it there.")
    return found


def _terraform(folder: Path, *words: str) -> str:
    said = subprocess.run(
        [_program("terraform"), *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise Failed(f"terraform {words[0]} failed:\n{(said.stderr or said.stdout).strip()}")
    return said.stdout


def to_be_made(folder: Path, options: list[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """The address, type and known values of each resource that a plan would make."""
    with tempfile.TemporaryDirectory() as kept:  # a saved plan holds secrets; only its owner may enter the folder
        saved = str(Path(kept) / "plan")
        _terraform(folder, "plan", "-input=false", "-no-color", f"-out={saved}", *options)
        plan = json.loads(_terraform(folder, "show", "-json", saved))
    return [
        (change["address"], change["type"], change["change"]["after"])
        for change in plan.get("resource_changes", [])
        if change["change"]["actions"] == ["create"]
    ]


def id_of(azure: Azure, kind: str, values: dict[str, Any]) -> str | None:
    """Id of a resource that would be made and is there already; None if it is not there, or its name not known yet."""
    try:
        if kind == "azuread_application":
            found = azure.in_directory("applications", f"displayName eq '{values['display_name']}'")
            return f"/applications/{found}" if found else None
        if kind == "azuread_service_principal":
            found = azure.in_directory("servicePrincipals", f"appId eq '{values['client_id']}'")
            return f"/servicePrincipals/{found}" if found else None
        if kind not in _TYPES:
            return None
        template, version = _TYPES[kind]
        resource_id = template.format(subscription=azure.subscription, **values)
    except KeyError:  # a plan leaves out what it does not know
        return None
    return resource_id if azure.has(resource_id, version) else None


def adopt(folder: Path, azure: Azure, options: list[str]) -> list[str]:
    """Import what is there and not in the state. Gives the addresses of what was done. Raises Failed."""
    adopted: list[str] = []
    for _ in range(_ROUNDS):
        wanted = to_be_made(folder, options)
        if any(address.endswith("terraform_data.installation") for address, _, _ in wanted):
            _refuse_strangers(azure.groups())
        found = [(address, id_of(azure, kind, values)) for address, kind, values in wanted]
        there = [(address, resource_id) for address, resource_id in found if resource_id]
        if not there:
            return adopted + remove_secrets(azure, wanted)
        for address, resource_id in there:
            _terraform(folder, "import", "-input=false", "-no-color", *options, address, resource_id)
            print(f"adopted  {address}")
            adopted.append(address)
    raise Failed(f"There was more to take up after {_ROUNDS} rounds. Run this again.")


def _refuse_strangers(groups: list[str]) -> None:
    if groups:
        raise Failed(
            f"This state knows of no installation, but the subscription has groups of one: {', '.join(groups)}. If "
            "they belong to another workspace, select it: terraform workspace list. If their state is lost, "
            "docs/install.md tells how to remove them."
        )


def remove_secrets(azure: Azure, wanted: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """Remove secrets that are there and not in the state, where an import would put them. Gives the addresses."""
    removed = [
        address
        for address, kind, values in wanted
        if kind == "azurerm_key_vault_secret" and "key_vault_id" in values
        if azure.remove_secret(values["key_vault_id"], values["name"])
    ]
    for address in removed:
        print(f"removed  {address}, which apply writes anew")
    return removed


def _variable(folder: Path, subscription: str) -> list[str]:
    """The option that gives the subscription, if this root takes it: one of a customer's own may not."""
    asks = any('variable "subscription_id"' in file.read_text(encoding="utf-8") for file in folder.glob("*.tf"))
    return [f"-var=subscription_id={subscription}"] if asks else []


def main() -> int:
    """Run it. Gives the exit code."""
    subscription, *rest = sys.argv[1:] or ["--help"]
    if subscription.startswith("-"):
        print(__doc__)
        return _USAGE
    folder = Path.cwd()
    try:
        adopted = adopt(folder, Azure(subscription), [*_variable(folder, subscription), *rest])
    except (Failed, subprocess.TimeoutExpired) as failed:
        print(failed, file=sys.stderr)
        return 1
    if not adopted:
        print("Nothing was left behind by an earlier apply.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
