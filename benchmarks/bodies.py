"""Bodies of flow records as a function app sends them, and as somebody who means harm would."""

import gzip
import random
import time
from collections.abc import Callable
from typing import Any, Final

import orjson

from gateway.limits import DEFAULT_LIMITS

type Bodies = Callable[[random.Random, int], bytes]
"""Makes a body of so many records."""

_RECORD: Final = {
    "time": 1_795_447_800_000,
    "src_ip": "10.20.4.17",
    "src_port": 44_931,
    "dst_ip": "13.107.21.200",
    "dst_port": 443,
    "protocol": 6,
    "direction": "outbound",
    "decision": "allow",
    "state": "continue",
    "encryption": "NX",
    "packets_src_to_dst": 1,
    "bytes_src_to_dst": 66,
    "packets_dst_to_src": 2,
    "bytes_dst_to_src": 132,
    "rule": "DefaultRule_AllowInternetOutBound",
    "mac": "00224871C205",
    "acl_id": None,
    "resource_id": "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/vnet",
    "flow_log_id": "/subscriptions/s/resourceGroups/watcher/flowLogs/vnet",
    "source": "vnet",
    "version": 4,
}
_HOUR_MS: Final = 3_600_000


def _lines(records: int, change: Callable[[int], dict[str, Any]]) -> bytes:
    return b"\n".join(orjson.dumps(_RECORD | change(number)) for number in range(records))


def usual(chance: random.Random, records: int) -> bytes:
    """Return records as a NIC's flow log has them within a few minutes."""
    now = time.time_ns() // 1_000_000
    return _lines(
        records,
        lambda _: {
            "time": now - chance.randrange(120_000),
            "src_port": chance.randrange(1024, 65_536),
            "dst_ip": f"13.107.{chance.randrange(20)}.{chance.randrange(250)}",
        },
    )


def usual_body(chance: random.Random, records: int) -> bytes:
    """Return such a body as it is sent."""
    return gzip.compress(usual(chance, records), 1)


def usual_records(size: float) -> int:
    """Return how many usual records a body of so many bytes has as it is sent; one at least."""
    known = 1_000
    one = len(usual_body(random.Random(1), known)) / known
    return max(1, min(DEFAULT_LIMITS.records, round(size / one)))


def long_texts(chance: random.Random, records: int) -> bytes:
    """Return names of maximum length, each different."""
    return _lines(records, lambda _: {"rule": f"{chance.getrandbits(2000):0512x}"[:512]})


def many_texts(chance: random.Random, records: int) -> bytes:
    """Return short names, each different, in everything that has a name."""
    return _lines(
        records,
        lambda _: {
            "rule": f"UserRule_{chance.getrandbits(40):x}",
            "mac": f"{chance.getrandbits(48):012X}",
            "resource_id": f"/subscriptions/{chance.getrandbits(40):x}",
        },
    )


def many_hours(chance: random.Random, records: int) -> bytes:
    """Return invented addresses, scattered over the hours of a century."""
    return _lines(
        records,
        lambda _: {
            "time": 946_684_800_000 + chance.randrange(876_000) * _HOUR_MS,
            "src_ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
            "direction": chance.choice(("inbound", "outbound")),
        },
    )


def many_addresses(chance: random.Random, records: int) -> bytes:
    """Return invented addresses in the current hour."""
    now = time.time_ns() // 1_000_000
    return _lines(
        records,
        lambda _: {
            "time": now,
            "src_ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}",
            "mac": f"{chance.getrandbits(12):012X}",
        },
    )


def no_records(_chance: random.Random, records: int) -> bytes:
    """Return lines that are not records, each of which has to be answered."""
    return b"\n".join([b'{"time":1}'] * records)


def alike(chance: random.Random, records: int) -> bytes:
    """Return many records in few bytes: the same one, over and over."""
    return b"\n".join([_lines(1, lambda _: {"src_port": chance.randrange(1024, 65_536)})] * records)
