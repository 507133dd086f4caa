"""The subscription and its directory: rights, locks, Flex Consumption, the action group."""

from __future__ import annotations

import fnmatch
from typing import Any

from azure import access_token
from findings import Findings
from management import Cloud, Management, read_json
from speaking import Failed

_NEEDED = (
    "microsoft.authorization/roleassignments/write",
    "microsoft.eventgrid/eventsubscriptions/write",
    "microsoft.insights/components/write",
    "microsoft.keyvault/locations/deletedvaults/purge/action",
    "microsoft.keyvault/vaults/write",
    "microsoft.resources/subscriptions/resourcegroups/write",
    "microsoft.storage/storageaccounts/write",
    "microsoft.web/register/action",
    "microsoft.web/sites/write",
)
_ROLES = "you need the role Owner, or Contributor with User Access Administrator"
_DIRECTORY_ROLES = {
    "Application Administrator",
    "Application Developer",
    "Cloud Application Administrator",
    "Global Administrator",
}


def check_rights(found: Findings, azure: Management) -> None:
    """Check whether the signed-in user may create everything."""
    given = azure.list(
        f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization/permissions", "2022-04-01"
    )
    if given is None:
        found.unsure("rights", f"they could not be read; {_ROLES}")
        return
    lacking = [action for action in _NEEDED if not any(_grants(permission, action) for permission in given)]
    if lacking:
        found.missing("rights", f"{_ROLES}. Not allowed: {', '.join(lacking)}")
    elif any(permission.get("condition") for permission in given if _grants(permission, _NEEDED[0])):
        found.unsure(
            "rights",
            "your permission to assign roles has a condition, which may block one of the roles of docs/install.md",
        )
    else:
        found.ok("rights", "you may create everything and assign roles")


def _grants(permission: dict[str, Any], action: str) -> bool:
    def matches(name: str) -> bool:
        patterns = permission.get(name)
        return isinstance(patterns, list) and any(fnmatch.fnmatchcase(action, str(one).lower()) for one in patterns)

    return matches("actions") and not matches("notActions")


def check_directory(found: Findings, subscription: str, cloud: Cloud) -> None:
    """Check whether the signed-in user may create an application."""
    everyone, roles = None, None
    try:
        token = access_token(subscription, cloud.graph)
    except Failed:
        pass
    else:
        policy = read_json(f"{cloud.graph}/v1.0/policies/authorizationPolicy", token)
        defaults = policy.get("defaultUserRolePermissions") if policy else None
        everyone = defaults.get("allowedToCreateApps") if isinstance(defaults, dict) else None
        mine = read_json(f"{cloud.graph}/v1.0/me/memberOf/microsoft.graph.directoryRole", token)
        listed = mine.get("value") if mine else None
        roles = {str(role.get("displayName")) for role in listed} if isinstance(listed, list) else None
    if everyone is True or (roles and roles & _DIRECTORY_ROLES):
        found.ok("Entra", "you may create an application")
    elif everyone is False and roles is not None:
        found.missing("Entra", "you may not create an application; you need the role Application Developer")
    else:
        found.unsure(
            "Entra",
            "could not check whether you may create an application; if not, you need the role Application Developer",
        )


def check_locks(found: Findings, azure: Management, accounts: list[str]) -> None:
    """Check whether there is a lock on the subscription or on an account of flow logs."""
    locks = azure.list(f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization/locks", "2016-09-01")
    if locks is None:
        found.unsure("locks", "they could not be read. A lock stops apply or destroy")
        return
    on = 0
    for lock in locks:
        scope = str(lock.get("id")).lower().partition("/providers/microsoft.authorization/locks/")[0]
        properties = lock.get("properties")
        level = str(properties.get("level")) if isinstance(properties, dict) else ""
        if not any(f"{account.lower()}/".startswith(f"{scope}/") for account in accounts) and scope.count("/") > 2:  # noqa: PLR2004
            continue
        on += 1
        what = f"lock {lock.get('name')}"
        if level == "ReadOnly":
            found.missing(
                what, f"nothing can be created under it, not even an event subscription. Remove it from {scope}"
            )
        else:
            found.unsure(what, f"destroy stops at it until it is removed from {scope}; apply does not")
    if not on:
        found.ok("locks", "there are none in the way")


def check_flex(found: Findings, azure: Management, locations: list[str]) -> None:
    """Check whether Flex Consumption is available in each location."""
    regions = azure.list(
        f"/subscriptions/{azure.subscription}/providers/Microsoft.Web/geoRegions?sku=FlexConsumption", "2023-12-01"
    )
    offered = {str(region.get("name")).lower().replace(" ", "") for region in regions or []}
    for location in locations:
        if not offered:
            found.unsure(
                f"Flex in {location}",
                "could not check where it is available: az functionapp list-flexconsumption-locations",
            )
        elif location in offered:
            found.ok(f"Flex in {location}", "Flex Consumption is available there")
        else:
            found.missing(f"Flex in {location}", "Flex Consumption is not available there")


def check_action_group(found: Findings, azure: Management, group: object) -> None:
    """Check whether the action group that alerts go to exists."""
    if group is None:
        return
    read = azure.get(str(group), "2023-01-01") if str(group).startswith("/subscriptions/") else {}
    properties = read.get("properties") if read else None
    if read is None:
        found.unsure("action group", f"{group} could not be read")
    elif not isinstance(properties, dict):
        found.missing("action group", f"{group} does not exist. Correct alert_action_group_id")
    elif properties.get("enabled") is False:
        found.unsure("action group", f"{group} is disabled, so alerts reach nobody")
    else:
        found.ok("action group", "it exists")
