"""A dry run of Azure Policy: whether it denies what the module creates.

It knows what goes through Azure Resource Manager. Policies on what is in a vault, such as those on how long a secret is
valid, work in the vault itself and are not among them.
"""

from __future__ import annotations

from typing import Any

from findings import Findings
from management import Management

_VERSION = "2023-03-01"


_EVERYONE = {"defaultAction": "Allow", "bypass": "AzureServices"}
_SITE = {"httpsOnly": True, "publicNetworkAccess": "Enabled", "siteConfig": {"minTlsVersion": "1.2"}}
_MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "Microsoft.Resources/subscriptions/resourceGroups": ("2022-09-01", {"name": "sluice-00000000"}),
    "Microsoft.KeyVault/vaults": (
        "2023-07-01",
        {
            "properties": {
                "enableRbacAuthorization": True,
                "enableSoftDelete": True,
                "networkAcls": _EVERYONE,
                "publicNetworkAccess": "Enabled",
                "sku": {"family": "A", "name": "standard"},
                "softDeleteRetentionInDays": 7,
            }
        },
    ),
    "Microsoft.Storage/storageAccounts": (
        "2023-05-01",
        {
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS", "tier": "Standard"},
            "properties": {
                "allowBlobPublicAccess": False,
                "allowSharedKeyAccess": True,
                "minimumTlsVersion": "TLS1_2",
                "networkAcls": _EVERYONE,
                "publicNetworkAccess": "Enabled",
                "supportsHttpsTrafficOnly": True,
            },
        },
    ),
    "Microsoft.Web/serverfarms": (
        "2023-12-01",
        {"kind": "functionapp", "sku": {"name": "FC1", "tier": "FlexConsumption"}, "properties": {"reserved": True}},
    ),
    "Microsoft.Web/sites": (
        "2023-12-01",
        {"kind": "functionapp,linux", "identity": {"type": "UserAssigned"}, "properties": _SITE},
    ),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("2023-01-31", {}),
    "Microsoft.OperationalInsights/workspaces": (
        "2023-09-01",
        {"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}},
    ),
    "Microsoft.Insights/components": ("2020-02-02", {"kind": "web", "properties": {"Application_Type": "web"}}),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (
        "2023-05-01",
        {"properties": {"publicAccess": "None"}},
    ),
    "Microsoft.EventGrid/eventSubscriptions": (
        "2022-06-15",
        {"properties": {"destination": {"endpointType": "WebHook"}, "eventDeliverySchema": "EventGridSchema"}},
    ),
    "Microsoft.Authorization/roleAssignments": ("2022-04-01", {"properties": {"principalType": "ServicePrincipal"}}),
    "Microsoft.Insights/actionGroups": ("2023-01-01", {"properties": {"enabled": True}}),
    "Microsoft.Insights/scheduledQueryRules": ("2023-12-01", {"properties": {"severity": 3, "enabled": True}}),
}
"""What each kind of resource is created with, as far as policies look at it, and the API version for that."""


def check_policies(found: Findings, azure: Management, locations: list[str], tags: dict[str, Any]) -> None:
    """Ask Azure what its policies would say about each kind of resource, in each location."""
    denied, unread = [], False
    for location in locations:
        for kind, (version, content) in _MADE.items():
            carried = {"application": "sluice", "installation": "00000000", **tags}
            resource = {"type": kind, "location": location, "tags": carried, **content}
            said = azure.post(
                f"/subscriptions/{azure.subscription}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
                _VERSION,
                {"resourceDetails": {"resourceContent": resource, "apiVersion": version}},
            )
            unread = unread or said is None
            denied += [(kind, location, name) for name in _denying(said or {})]
    for kind, location, name in denied:
        found.missing(
            "policy", f"{name} denies {kind} in {location}. Get an exemption, or use a tag or location that it allows"
        )
    if unread:
        found.unsure(
            "policies", "not all of them could be checked; that needs Microsoft.PolicyInsights and permission to read"
        )
    elif not denied:
        found.ok("policies", "none denies what is created, as far as a dry run shows")


def _denying(said: dict[str, Any]) -> list[str]:
    evaluations = _part(said, "contentEvaluationResult").get("policyEvaluations")
    names = []
    for one in evaluations if isinstance(evaluations, list) else []:
        effect = str(_part(one, "effectDetails").get("policyEffect", "Deny")).lower()
        info = _part(one, "policyInfo")
        if isinstance(one, dict) and one.get("evaluationResult") == "NonCompliant" and effect == "deny":
            names.append(str(info.get("policyAssignmentId") or info.get("policyDefinitionId")))
    return names


def _part(whole: object, name: str) -> dict[str, Any]:
    part = whole.get(name) if isinstance(whole, dict) else None
    return part if isinstance(part, dict) else {}
