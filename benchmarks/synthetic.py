"""Made-up flow logs that have the measures of real ones: bytes a tuple, tuples a record, addresses that come again."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import orjson

START_SECONDS = 1_793_610_000
RECORD_BYTES = 32_240
"""Azure begins a new record at about this size."""
RANGE_BYTES = 1_000_000
"""Delivery reads committed blocks in ranges of about this size."""

_NETWORK_CARD = "10.20.4.17"
_MAC = "00224871C205"
_SUBSCRIPTION = "6f1c2a4e-9d53-4b7e-8a41-3c0d5e7f9b12"
_NSG = (
    f"/SUBSCRIPTIONS/{_SUBSCRIPTION.upper()}/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK"
    "/NETWORKSECURITYGROUPS/SHOP-NSG"
)
_NETWORK = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/shop-prod/providers/Microsoft.Network/virtualNetworks/shop"
_FLOW_LOG = (
    f"/SUBSCRIPTIONS/{_SUBSCRIPTION.upper()}/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK"
    "/NETWORKWATCHERS/NETWORKWATCHER_WESTEUROPE/FLOWLOGS/SHOP-FLOWLOG"
)
_DNS = 53
_RULES = (  # name, direction, allowed, share of the tuples
    ("DefaultRule_AllowInternetOutBound", "O", True, 0.46),
    ("UserRule_allow-https", "I", True, 0.30),
    ("DefaultRule_AllowVnetInBound", "I", True, 0.14),
    ("DefaultRule_DenyAllInBound", "I", False, 0.10),
)
_BAD = ("", "x", "01", "-1", "10.0.0.256", "99999", "1e3", "Z")


class Shape(Enum):
    """A kind of log to be made."""

    NSG = "nsg"
    VNET = "vnet"


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a made log holds.

    Attributes:
        shape: NSG version 2 or VNet version 4.
        tuples: How many in all.
        tuples_a_record: None cuts records by their bytes, as at high traffic.
        bad: The share of tuples with one field broken.
    """

    shape: Shape
    tuples: int
    tuples_a_record: int | None = None
    bad: float = 0.0


def ranges(traffic: Traffic, seed: int = 7) -> list[bytes]:
    """Return the log as byte ranges of about 1 MB, records joined by commas, a comma before each as Azure puts it."""
    found: list[bytes] = []
    pending = bytearray()
    for record in _records(traffic, random.Random(seed)):
        pending += b"," + record
        if len(pending) >= RANGE_BYTES:
            found.append(bytes(pending))
            pending.clear()
    return [*found, bytes(pending)] if pending else found


def _records(traffic: Traffic, source: random.Random) -> Iterator[bytes]:
    peers = [_public_address(source) for _ in range(600)]
    neighbours = [f"10.20.{source.randrange(16)}.{source.randrange(1, 255)}" for _ in range(40)]
    made = 0
    while made < traffic.tuples:
        size = traffic.tuples_a_record and source.randint(1, traffic.tuples_a_record)
        size = min(size or RECORD_BYTES // (68 if traffic.shape is Shape.NSG else 72), traffic.tuples - made)
        second = START_SECONDS + made // (20_000 if traffic.tuples_a_record is None else 2) * 60
        groups = _groups(traffic, source, (peers, neighbours), size, second)
        yield orjson.dumps(_record(traffic.shape, second + 62, groups))
        made += size


type _Groups = list[tuple[str, list[str]]]


def _groups(
    traffic: Traffic, source: random.Random, addresses: tuple[list[str], list[str]], size: int, second: int
) -> _Groups:
    by_rule: dict[str, list[str]] = {}
    picked = source.choices(_RULES, [rule[3] for rule in _RULES], k=size)
    times = sorted(source.randrange(second * 1000, second * 1000 + 60_000) for _ in range(size))
    for (name, direction, allowed, _), time in zip(picked, times, strict=True):
        peer = source.choice(addresses[1] if "Vnet" in name else addresses[0])
        fields = _tuple(traffic.shape, source, time, peer, direction, allowed=allowed)
        if source.random() < traffic.bad:
            fields[source.randrange(8)] = source.choice(_BAD)
        by_rule.setdefault(name, []).append(",".join(fields))
    return list(by_rule.items())


def _tuple(shape: Shape, source: random.Random, time: int, peer: str, direction: str, *, allowed: bool) -> list[str]:
    outbound = direction == "O"
    ends = [_NETWORK_CARD, peer] if outbound else [peer, _NETWORK_CARD]
    service = source.choice((443, 443, 443, 80, _DNS, 8080, 5432)) if allowed else source.randrange(1, 65_536)
    ports = [str(source.randrange(1024, 65_536)), str(service)]
    udp = service == _DNS
    state = source.choices("BCE", (0.42, 0.16, 0.42))[0] if allowed else "B"
    counters = _counters(source)
    if shape is Shape.NSG:
        counters = ["", "", "", ""] if state == "B" else counters
        tail = ["U" if udp else "T", direction, "A" if allowed else "D", state, *counters]
        return [str(time // 1000), *ends, *ports, *tail]
    counters = ["0", "0", "0", "0"] if state == "B" else counters
    tail = ["17" if udp else "6", direction, state if allowed else "D", "NX", *counters]
    return [str(time), *ends, *ports, *tail]


def _counters(source: random.Random) -> list[str]:
    packets, replies = 1 + int(source.expovariate(1 / 12)), int(source.expovariate(1 / 10))
    sizes = packets * source.randint(66, 900), replies * source.randint(66, 1400)
    return [str(packets), str(sizes[0]), str(replies), str(sizes[1])]


def _public_address(source: random.Random) -> str:
    return ".".join(str(part) for part in (source.randrange(11, 224), *(source.randrange(256) for _ in range(3))))


def _record(shape: Shape, second: int, groups: _Groups) -> dict[str, object]:
    time = f"2026-11-02T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}.8944384Z"
    if shape is Shape.NSG:
        flows = [{"rule": rule, "flows": [{"mac": _MAC, "flowTuples": tuples}]} for rule, tuples in groups]
        return {
            "time": time,
            "systemId": "05cdbee8-43c6-458e-b53c-d707f958c66b",
            "macAddress": _MAC,
            "category": "NetworkSecurityGroupFlowEvent",
            "resourceId": _NSG,
            "operationName": "NetworkSecurityGroupFlowEvents",
            "properties": {"Version": 2, "flows": flows},
        }
    acl = _NETWORK.replace("virtualNetworks/shop", "networkSecurityGroups/shop-nsg")
    return {
        "time": time,
        "flowLogGUID": "36094b6b-6999-48cf-8052-f8815f6732d9",
        "macAddress": _MAC,
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": _FLOW_LOG,
        "targetResourceID": _NETWORK,
        "flowLogVersion": 4,
        "operationName": "FlowLogFlowEvent",
        "flowRecords": {
            "flows": [{"aclID": acl, "flowGroups": [{"rule": rule, "flowTuples": tuples}]} for rule, tuples in groups]
        },
    }
