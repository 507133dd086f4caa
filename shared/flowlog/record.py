"""The flow record: one JSON object for one flow tuple, and the rules for its values.

The field order of `FlowRecord` is the key order of the JSON object, here and nowhere else. Absent values are `null`.

An agent on a machine writes the same record about what the machine's connection table shows, with `AGENT_KEYS` at the
end. It knows nothing about rules and decisions, and omits the initiator's port, as it sums up all connections of a
minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import orjson

TIME_MIN_MS: Final = 946_684_800_000
"""2000-01-01T00:00:00Z, the earliest time of a record, in epoch milliseconds."""
TIME_END_MS: Final = 4_102_444_800_000
"""2100-01-01T00:00:00Z, which every record is before."""
PORT_MAX: Final = 65_535
PROTOCOL_MAX: Final = 255
_ADDRESS_CHARACTERS: Final = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
DIGITS_MAX: Final = 18
"""A number has at most 18 digits, so that every counter fits 64 bits with its sign."""


class Direction(StrEnum):
    """Who began the flow, as seen from the NIC that logged it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Decision(StrEnum):
    """The rule's decision on the flow."""

    ALLOW = "allow"
    DENY = "deny"


class State(StrEnum):
    """The state of the flow when the tuple was written; `DENY` is a state in VNet flow logs only."""

    BEGIN = "begin"
    CONTINUE = "continue"
    END = "end"
    DENY = "deny"


class Source(StrEnum):
    """Where a record comes from: a kind of log, or an agent."""

    NSG = "nsg"
    VNET = "vnet"
    AGENT = "agent"


class DirectionBasis(StrEnum):
    """How an agent knows who began a connection."""

    LISTEN = "listen"
    PEER_LISTEN = "peer_listen"
    EPHEMERAL = "ephemeral"
    UNKNOWN = "unknown"


class CounterSource(StrEnum):
    """Where an agent gets its counters from."""

    TCP_INFO = "tcp_info"
    NONE = "none"


VERSIONS: Final = {Source.NSG: frozenset({1, 2}), Source.VNET: frozenset({4}), Source.AGENT: frozenset({1})}
"""The known format versions of each source."""


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """One flow tuple with what its envelope says about it.

    Attributes:
        time: Epoch milliseconds of the tuple, never of the log record around it.
        src_ip: The initiator's address, in the canonical text of RFC 5952.
        src_port: The initiator's port, 0 to 65535.
        dst_ip: The responder's address, in the canonical text of RFC 5952.
        dst_port: The responder's port, 0 to 65535.
        protocol: The IANA protocol number.
        direction: Who began the flow, as seen from the NIC.
        decision: The rule's decision.
        state: None in NSG version 1, which has none.
        encryption: The VNet token as written, known or not.
        packets_src_to_dst: Since the flow's previous tuple, as all four counters; None where nothing was measured.
        bytes_src_to_dst: Headers included.
        packets_dst_to_src: The replies.
        bytes_dst_to_src: The replies, headers included.
        rule: The rule's name as written, with its prefix.
        mac: The NIC's MAC address, 12 upper-case hexadecimal digits.
        acl_id: VNet's `aclID` as written (opaque).
        resource_id: NSG's `resourceId`, VNet's `targetResourceID`, case kept.
        flow_log_id: VNet's `flowLogResourceID`.
        source: The kind of log.
        version: The format's version.
    """

    time: int
    src_ip: str
    src_port: int
    dst_ip: str
    dst_port: int
    protocol: int
    direction: Direction
    decision: Decision
    state: State | None
    encryption: str | None
    packets_src_to_dst: int | None
    bytes_src_to_dst: int | None
    packets_dst_to_src: int | None
    bytes_dst_to_src: int | None
    rule: str
    mac: str | None
    acl_id: str | None
    resource_id: str | None
    flow_log_id: str | None
    source: Source
    version: int


KEYS: Final = tuple(field.name for field in fields(FlowRecord))
"""The record's keys in their order."""
COUNTERS: Final = tuple(key for key in KEYS if key.startswith(("packets_", "bytes_")))
"""The four counters in the order in which tuples carry them."""
LINKS: Final = ("links_established", "links_terminated", "links_failed", "links_live")
"""How many connections an agent saw begin, end and fail in the minute, and how many were open at its end."""
AGENT_KEYS: Final = ("host", "process", "direction_basis", *LINKS, "counter_source")
"""The additional keys at the end of an agent's record, in order."""


def to_json_line(record: FlowRecord) -> str:
    """Return the record as one line of JSON, keys in order, without the newline."""
    return orjson.dumps(record).decode()


def canonical_address(text: str) -> str | None:
    """Return an IPv4 or IPv6 address in the canonical text of RFC 5952; None if it is not one or has a zone id."""
    return _canonical_address(text) if len(text) <= _ADDRESS_CHARACTERS and "%" not in text else None


# The same addresses come again and again. Nothing long is kept, so that the cache's memory is bounded.
@lru_cache(maxsize=16_384)
def _canonical_address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def means_not_measured(decision: Decision, state: State | None, counters: Sequence[object]) -> bool:
    """Return whether counters are the four zeros of a tuple that begins or denies a flow: they measured nothing."""
    return tuple(counters) == (0, 0, 0, 0) and (state is State.BEGIN or decision is Decision.DENY)
