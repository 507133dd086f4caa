"""The edges as plainly as they can be said, from all records of a customer at once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.traffic.edges import Edge, Observer, ObserverKind
from shared.flowlog.record import Decision, Direction
from tests.gateway.contract.marked import Marked


def plain_edges(records: Sequence[Marked]) -> list[Edge]:
    found: dict[tuple[Any, ...], list[Marked]] = defaultdict(list)
    for each in records:
        found[_key(each)].append(each)
    edges = [
        Edge(
            *key,
            records=len(those),
            connections=sum(map(_connections, those)),
            bytes_src_to_dst=sum(each["bytes_src_to_dst"] or 0 for each in those if each.counted),
            bytes_dst_to_src=sum(each["bytes_dst_to_src"] or 0 for each in those if each.counted),
            first=min(each["time"] for each in those),
            last=max(each["time"] for each in those),
        )
        for key, those in found.items()
    ]
    return sorted(edges, key=repr)


def _key(record: Marked) -> tuple[Any, ...]:
    from_agent = record["source"] == "agent"
    name = record["host"] if from_agent else record["mac"] or record["resource_id"] or ""
    return (
        datetime.fromtimestamp(record["time"] / 1000, UTC).date(),
        Observer(ObserverKind.AGENT if from_agent else ObserverKind.NIC, name),
        record["src_ip" if record["direction"] == "inbound" else "dst_ip"].removeprefix("::ffff:"),
        record["protocol"],
        record["dst_port"],
        record["direction"] and Direction(record["direction"]),
        record["decision"] and Decision(record["decision"]),
    )


def _connections(record: Marked) -> int:
    if record["source"] == "agent":
        return int(record["links_established"])
    return int(record["state"] in {None, "begin", "deny"})
