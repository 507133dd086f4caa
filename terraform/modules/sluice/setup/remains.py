"""What a plan would create and already exists in Azure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from azure import access_token
from management import Management
from speaking import Failed, Patience, on_one_line
from vault import audience_of
from web import Answer, request

_OK, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 403, 404, 409
_GROUP = "/subscriptions/{subscription}/resourceGroups/{resource_group_name}/providers"

# The id of each type, and the version of the API that is asked. Left out: the credential of an application, which goes
# with the application, and the secret of a vault, which an import would write into the state.
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
# The collection of the directory that has a type, and what identifies its objects, there and in the plan.
_DIRECTORY = {
    "azuread_application": ("applications", "displayName", "display_name"),
    "azuread_service_principal": ("servicePrincipals", "appId", "client_id"),
}


@dataclass(frozen=True)
class Wanted:
    """A resource that a plan would create.

    Attributes:
        address: Where terraform keeps it.
        kind: Terraform's type.
        values: Its arguments, without those that are not known yet.
    """

    address: str
    kind: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Remains:
    """What one subscription and its directory have."""

    azure: Management

    def groups(self) -> list[str]:
        """Return the names of the resource groups that an installation created. Raises Failed."""
        listed = self.azure.list(f"/subscriptions/{self.azure.subscription}/resourcegroups", "2021-04-01")
        if listed is None:
            raise Failed(f"The resource groups of subscription {self.azure.subscription} could not be read.")
        return [str(one.get("name")) for one in listed if (one.get("tags") or {}).get("application") == "sluice"]

    def id_of(self, wanted: Wanted) -> str | None:
        """Return a resource's id for an import; None if it does not exist, or has no known name yet. Raises Failed."""
        known = {name: value for name, value in wanted.values.items() if value is not None}
        try:
            if wanted.kind in _DIRECTORY:
                collection, name, argument = _DIRECTORY[wanted.kind]
                return self._in_directory(collection, name, known[argument])
            if wanted.kind not in _TYPES:
                return None
            template, version = _TYPES[wanted.kind]
            path = template.format(subscription=self.azure.subscription, **known)
        except KeyError:
            return None
        return path if self._read(self.azure.cloud.management, path, version) else None

    def remove_secret(self, wanted: Wanted) -> bool:
        """Remove a secret from its vault, so that it can be created again; return whether it existed. Raises Failed."""
        vault = wanted.values.get("key_vault_id")
        if wanted.kind != "azurerm_key_vault_secret" or vault is None:
            return False
        found = self._read(self.azure.cloud.management, vault, "2023-07-01")
        if found is None:
            return False
        uri, name = str(found.get("properties", {}).get("vaultUri")).rstrip("/"), wanted.values["name"]
        token = access_token(self.azure.subscription, audience_of(uri))
        removed = request("DELETE", f"{uri}/secrets/{name}?api-version=7.4", bearer=token)
        if removed.status in {_NOT_FOUND, _FORBIDDEN}:  # of a role that the vault does not know yet: apply waits for it
            return False
        if removed.status != _OK:
            raise Failed(f"The secret {name} of {uri} could not be removed ({removed.why}).")
        patience = Patience(60)
        # Where nobody may purge, the provider recovers it.
        while request("DELETE", f"{uri}/deletedsecrets/{name}?api-version=7.4", bearer=token).status == _CONFLICT:
            if not patience.wait():
                break
        return True

    def _in_directory(self, collection: str, name: str, value: str) -> str | None:
        graph = self.azure.cloud.graph
        token = access_token(self.azure.subscription, graph)
        condition = quote(f"{name} eq '{value}'")
        said = _content(request("GET", f"{graph}/v1.0/{collection}?$filter={condition}", bearer=token), collection)
        found = [str(one["id"]) for one in (said or {}).get("value", []) if isinstance(one, dict) and "id" in one]
        if len(found) > 1:
            raise Failed(
                f"The directory has {len(found)} {collection} whose {name} is {value}: {', '.join(found)}. Remove all "
                "but the one to keep, then run this again."
            )
        return f"/{collection}/{found[0]}" if found else None

    def _read(self, host: str, path: str, version: str) -> dict[str, Any] | None:
        """Return a resource; None if it does not exist. Raises Failed."""
        return _content(request("GET", f"{host}{path}?api-version={version}", bearer=self.azure.token), path)


def _content(answer: Answer, what: str) -> dict[str, Any] | None:
    if answer.status == _NOT_FOUND:
        return None
    said = answer.json() if answer.status == _OK else None
    if not isinstance(said, dict):
        raise Failed(f"Could not check whether {on_one_line(what)} exists ({answer.why}). Run this again.")
    return said
