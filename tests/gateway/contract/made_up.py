"""Flow records that are made up, for a store to be held against."""

import random
from datetime import UTC, datetime
from typing import Any

from gateway.clock import to_ms
from shared.flowlog.check import check
from shared.flowlog.record import COUNTERS, LINKS
from tests.gateway.client import record

NOON = to_ms(datetime(2026, 11, 23, 12, tzinfo=UTC))
HOUR = 3_600_000
_ADDRESSES = [
    "10.0.0.4",
    "10.0.0.5",
    "10.1.0.4",
    "13.107.21.200",
    "20.1.2.3",
    "2001:db8::4",
    "2600::1",
    "::ffff:10.0.0.4",
]
_RULES = ["DefaultRule_DenyAllInBound", "UserRule_ssh", "userrule_SSH", "100%_*,\"'", "İstanbul", ""]


def made_up(chance: random.Random) -> dict[str, Any]:
    """Make up a flow record out of few values, so that many records share them."""
    source, version = chance.choice([("nsg", 1), ("nsg", 2), ("vnet", 4), ("agent", 1)])
    # Those of resets and of SYN-ACKs among them, over both families.
    counters = [chance.choice([None, 0, 1, 2, 54, 58, 77, 78, 116, 156, 1500, 10**17]) for _ in COUNTERS]
    made = record(
        time=NOON + chance.choice([0, 1, 59_999, 60_000, HOUR - 1, chance.randrange(HOUR)]),
        src_ip=chance.choice(_ADDRESSES),
        src_port=chance.choice([0, 1024, 65535]),
        dst_ip=chance.choice(_ADDRESSES),
        dst_port=chance.choice([22, 443, 3389]),
        protocol=chance.choice([1, 6, 17]),
        direction=chance.choice(["inbound", "outbound"]),
        decision=chance.choice(["allow", "deny"]),
        state=None if version == 1 else chance.choice(["begin", "continue", "end"]),
        encryption=chance.choice(["NX", "X"]) if source == "vnet" else None,
        rule=chance.choice(_RULES),
        mac=chance.choice([None, "000D3AF87856", "000D3AF87857"]),
        acl_id=chance.choice([None, "acl"]),
        resource_id=chance.choice([None, "/SUBSCRIPTIONS/S", "/subscriptions/s"]),
        flow_log_id=chance.choice([None, "log"]),
        source=source,
        version=version,
        **dict(zip(COUNTERS, counters, strict=True)),
    )
    if source == "agent":
        made |= _seen_by_an_agent(chance, made)
    return made if check(made) is None else made | dict.fromkeys(COUNTERS)


def _seen_by_an_agent(chance: random.Random, made: dict[str, Any]) -> dict[str, Any]:
    direction = chance.choice([None, made["direction"]])
    unknown = ("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id")
    return dict.fromkeys(unknown) | {
        "direction": direction,
        "src_port": None if direction else made["src_port"],
        "host": chance.choice(["web-1", "db-1"]),
        "process": chance.choice([None, "nginx", "=cmd"]),
        "direction_basis": chance.choice(["listen", "ephemeral"]) if direction else "unknown",
        **dict.fromkeys(LINKS, 3),
        "counter_source": "tcp_info",
    }
