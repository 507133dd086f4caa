"""The storage accounts that flow logs are in: whether the function apps will be able to read them."""

from __future__ import annotations

import re
from typing import Any

from findings import Findings
from management import Management
from storage import list_containers


def check_accounts(found: Findings, azure: Management, entries: dict[str, dict[str, Any]]) -> list[str]:
    """Check the account of each entry of region_set; return the ids of those that exist."""
    listed = azure.list(
        f"/subscriptions/{azure.subscription}/providers/Microsoft.Storage/storageAccounts", "2023-05-01"
    )
    if listed is None:
        found.unsure("accounts", "the subscription's storage accounts could not be read")
        return []
    there = {str(account.get("name")): account for account in listed}
    writing = _flow_logs(azure)
    ids = []
    for key, entry in entries.items():
        name = _name(entry)
        account = there.get(name or "")
        what = f"account {name}" if name else f"entry {key}"
        if account is None:
            found.missing(
                what,
                f"is not in subscription {azure.subscription}, or you may not see it. Each subscription has its own",
            )
            continue
        _check_account(found, what, account, entry)
        _check_key(found, what, entry.get("flow_logs_storage_connection_string"))
        _check_flow_log(found, what, account, writing)
        ids.append(str(account.get("id")))
    return ids


def _name(entry: dict[str, Any]) -> str | None:
    text, resource_id = entry.get("flow_logs_storage_connection_string"), entry.get("flow_logs_storage_account_id")
    named = re.search("(?:^|;)(?i:AccountName)=([a-z0-9]{3,24})", str(text)) if text else None
    return named[1] if named else str(resource_id).rsplit("/", 1)[-1] if resource_id else None


def _check_account(found: Findings, what: str, account: dict[str, Any], entry: dict[str, Any]) -> None:
    properties = account.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    rules = properties.get("networkAcls")
    problems = []
    wanted, actual = (str(place.get("location")).lower().replace(" ", "") for place in (entry, account))
    if wanted != actual:
        problems.append(f"is in {actual}, not in {wanted}. Correct the entry's location")
    if account.get("kind") == "Storage":
        problems.append("is a general-purpose v1 account, which sends no events. Upgrade it to v2")
    if properties.get("publicNetworkAccess") in {"Disabled", "SecuredByPerimeter"}:
        problems.append("has no public network access, and the function app connects from outside. Allow all networks")
    elif isinstance(rules, dict) and rules.get("defaultAction") == "Deny":
        problems.append("has a firewall, and the function app has no fixed address to allow. Allow all networks")
    if properties.get("allowSharedKeyAccess") is False and entry.get("flow_logs_storage_connection_string"):
        problems.append("does not accept keys. Use flow_logs_storage_account_id instead of the connection string")
    for problem in problems:
        found.missing(what, problem)
    if not problems:
        found.ok(what, f"is in {actual}, and the function app can reach it")


def _check_key(found: Findings, what: str, connection_string: object) -> None:
    if not connection_string:
        return
    answer = list_containers(str(connection_string))
    if answer is None or b"AuthenticationFailed" in answer.body:
        found.missing(what, "the key in the connection string is not this account's. Copy the connection string again")
    elif answer.status == 200:  # noqa: PLR2004 -- HTTP's own
        found.ok(what, "it accepts the key")
    else:
        found.unsure(what, f"could not check from here whether it accepts the key ({answer.why})")


def _flow_logs(azure: Management) -> dict[str, bool] | None:
    """Return whether an enabled flow log writes to an account, by the account's id in lower case; None if unknown."""
    watchers = azure.list(
        f"/subscriptions/{azure.subscription}/providers/Microsoft.Network/networkWatchers", "2023-11-01"
    )
    if watchers is None:
        return None
    writing: dict[str, bool] = {}
    for watcher in watchers:
        logs = azure.list(f"{watcher.get('id')}/flowLogs", "2023-11-01")
        if logs is None:
            return None
        for log in logs:
            properties = log.get("properties")
            properties = properties if isinstance(properties, dict) else {}
            target = str(properties.get("storageId")).lower()
            writing[target] = writing.get(target, False) or properties.get("enabled") is True
    return writing


def _check_flow_log(found: Findings, what: str, account: dict[str, Any], writing: dict[str, bool] | None) -> None:
    on = None if writing is None else writing.get(str(account.get("id")).lower())
    if writing is None:
        found.unsure(what, "could not check whether a flow log writes to it")
    elif on:
        found.ok(what, "a flow log writes to it")
    elif on is False:
        found.missing(what, "the flow log that writes to it is disabled. Enable it in Network Watcher")
    else:
        found.unsure(
            what,
            "no flow log of this subscription writes to it; unless another one's does, there will be no records",
        )
