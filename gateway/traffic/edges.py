"""Edges: who talked to whom, a row for each day, which are kept when the records are deleted."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.flowlog.record import Decision, Direction


class ObserverKind(StrEnum):
    """What sees connections."""

    NIC = "nic"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Observer:
    """Who saw the connections of an edge.

    Attributes:
        kind: Whether it is a NIC, whose flow logs say so, or an agent.
        name: The NIC's MAC address, or its resource id where its logs have none; the agent's host.
    """

    kind: ObserverKind
    name: str


@dataclass(frozen=True, slots=True)
class Edge:
    """What one observer saw of one peer in one day, in UTC.

    Attributes:
        day: The day.
        observer: Who saw it.
        peer: The address at the other end.
        protocol: The protocol's number.
        port: The destination's port.
        direction: Who opened the connections, as the observer sees it; None if an agent can't tell.
        decision: What a rule decided; None for an agent, which knows of none.
        records: How many records say so.
        connections: How many connections they say were opened, or denied.
        bytes_src_to_dst: The bytes that count, from the source to the destination.
        bytes_dst_to_src: Those of the replies.
        first: The time of the earliest of the records, in epoch milliseconds.
        last: The time of the latest, in epoch milliseconds.
    """

    day: date
    observer: Observer
    peer: str
    protocol: int
    port: int
    direction: Direction | None
    decision: Decision | None
    records: int
    connections: int
    bytes_src_to_dst: int
    bytes_dst_to_src: int
    first: int
    last: int
