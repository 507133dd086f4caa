"""OCSF 1.5.0 Network Activity, one event a flow record; `docs/ocsf.md` has the mapping as a table.

Nothing is invented: what a flow log does not say is left out, and what OCSF has no place for is in `unmapped.azure`, or
`unmapped.agent` for what an agent saw.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from gateway.traffic.community_id import community_id
from gateway.traffic.protocols import PROTOCOLS
from shared.flowlog.record import AGENT_KEYS, Decision, Direction, Source, State

type Event = dict[str, Any]
type Record = Mapping[str, Any]

VERSION: Final = "1.5.0"
_CLASS: Final = 4001
_ACTIVITIES: Final = {1: "Open", 2: "Close", 5: "Refuse", 6: "Traffic"}
_REFUSE: Final = 5
_STATES: Final = {State.BEGIN: 1, State.END: 2, State.CONTINUE: 6, None: 6}
_DECISIONS: Final[Mapping[str | None, Event]] = {
    None: {},
    Decision.ALLOW: {
        "action_id": 1,
        "action": "Allowed",
        "disposition_id": 1,
        "disposition": "Allowed",
        "status_id": 1,
        "status": "Success",
    },
    Decision.DENY: {
        "action_id": 2,
        "action": "Denied",
        "disposition_id": 2,
        "disposition": "Blocked",
        "status_id": 2,
        "status": "Failure",
    },
}
_DIRECTIONS: Final[Mapping[str | None, Event]] = {
    None: {"direction_id": 0, "direction": "Unknown"},
    Direction.INBOUND: {"direction_id": 1, "direction": "Inbound"},
    Direction.OUTBOUND: {"direction_id": 2, "direction": "Outbound"},
}
_OWN_SIDES: Final = {Direction.INBOUND: "dst_endpoint", Direction.OUTBOUND: "src_endpoint"}
"""The end that the NIC, or the agent's machine, is at, as source is the initiator."""
_WATCHER: Final = {"name": "Azure Network Watcher", "vendor_name": "Microsoft"}
_PRODUCTS: Final = {
    Source.NSG: _WATCHER,
    Source.VNET: _WATCHER,
    Source.AGENT: {"name": "Sluice agent", "vendor_name": "Sluice"},
}
_LOG_NAMES: Final = {
    Source.NSG: "NetworkSecurityGroupFlowEvent",
    Source.VNET: "FlowLogFlowEvent",
    Source.AGENT: "agent",
}
"""Azure's categories."""
_PROTOCOL_NAMES: Final = {number: name for name, number in PROTOCOLS.items()} | {58: "ipv6-icmp"}
"""IANA's names in lower case."""
_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)/", re.IGNORECASE)
_UNMAPPED: Final = ("state", "encryption", "acl_id", "resource_id", "flow_log_id")


def ocsf_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """Write records as OCSF events, one JSON object a line."""
    for record in records:
        yield orjson.dumps(event(record), option=orjson.OPT_APPEND_NEWLINE)


def event(record: Record) -> Event:
    """Return a flow record as an OCSF Network Activity event."""
    return {
        **_classification(record),
        "time": record["time"],
        "metadata": _metadata(record),
        **_cloud(record),
        **_DECISIONS[record["decision"]],
        **_endpoints(record),
        "connection_info": _connection(record),
        **_traffic(record),
        **_rule_and_policy(record),
        **_unmapped(record),
    }


def _classification(record: Record) -> Event:
    activity = _REFUSE if record["decision"] == Decision.DENY else _STATES[record["state"]]
    return {
        "category_uid": 4,
        "category_name": "Network Activity",
        "class_uid": _CLASS,
        "class_name": "Network Activity",
        "activity_id": activity,
        "activity_name": _ACTIVITIES[activity],
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"Network Activity: {_ACTIVITIES[activity]}",
        "severity_id": 1,
        "severity": "Informational",
    }


def _metadata(record: Record) -> Event:
    version = str(record["version"])
    return {
        "version": VERSION,
        "profiles": [] if _is_seen_by_agent(record) else ["cloud", "security_control"],
        "product": {**_PRODUCTS[record["source"]], "version": version},
        "log_name": _LOG_NAMES[record["source"]],
        "log_version": version,
    }


def _is_seen_by_agent(record: Record) -> bool:
    return bool(record["source"] == Source.AGENT)


def _cloud(record: Record) -> Event:
    if _is_seen_by_agent(record):
        return {}
    found = _SUBSCRIPTION.match(record["resource_id"] or "")
    return {"cloud": {"provider": "Azure", **({"account": {"uid": found[1].lower()}} if found else {})}}


def _endpoints(record: Record) -> Event:
    ends: dict[str, Event] = {
        f"{end}_endpoint": {
            "ip": record[f"{end}_ip"],
            **({} if record[f"{end}_port"] is None else {"port": record[f"{end}_port"]}),
        }
        for end in ("src", "dst")
    }
    if mac := record["mac"]:
        ends[_OWN_SIDES[record["direction"]]]["mac"] = "-".join(mac[at : at + 2] for at in range(0, len(mac), 2))
    if _is_seen_by_agent(record) and record["direction"] is not None:
        ends[_OWN_SIDES[record["direction"]]]["hostname"] = record["host"]
    return ends


def _connection(record: Record) -> Event:
    protocol = record["protocol"]
    source, port, destination = record["src_ip"], record["src_port"], record["dst_ip"]
    uid = None if port is None else community_id(protocol, source, port, destination, record["dst_port"])
    return {
        **_DIRECTIONS[record["direction"]],
        "protocol_num": protocol,
        **({"protocol_name": _PROTOCOL_NAMES[protocol]} if protocol in _PROTOCOL_NAMES else {}),
        "protocol_ver_id": 6 if ":" in source else 4,
        **({"community_uid": uid} if uid else {}),
    }


def _traffic(record: Record) -> Event:
    """Return what was counted since the flow's previous record, which is what OCSF's `traffic` means."""
    counted: Event = {}
    for what in ("packets", "bytes"):
        ways = {
            f"{what}_out": record[f"{what}_src_to_dst"],
            f"{what}_in": record[f"{what}_dst_to_src"],
        }
        known = {way: count for way, count in ways.items() if count is not None}
        counted |= known
        if len(known) == len(ways):
            counted[what] = sum(known.values())
    return {"traffic": counted} if counted else {}


def _rule_and_policy(record: Record) -> Event:
    found: Event = {}
    is_nsg = record["source"] == Source.NSG
    if rule := record["rule"]:
        found["firewall_rule"] = {"name": rule, **({"type": "NSG"} if is_nsg else {})}
    if is_nsg and (nsg := record["resource_id"]):
        found["policy"] = {"uid": nsg, "name": nsg.rpartition("/")[2]}
    elif acl := record["acl_id"]:
        found["policy"] = {"uid": acl}
    return found


def _unmapped(record: Record) -> Event:
    by_agent = _is_seen_by_agent(record)
    kept = {key: record[key] for key in (AGENT_KEYS if by_agent else _UNMAPPED) if record[key] is not None}
    return {"unmapped": {"agent" if by_agent else "azure": kept}} if kept else {}
