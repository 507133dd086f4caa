"""The flow record: one JSON object for one flow tuple, and the rules that its values keep.

The field order of `FlowRecord` is the key order of the JSON object, here and nowhere else. Absent values are `null`.
"""

import re
from collections.abc import Callable, Sequence
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
    """Who began the flow, seen from the network card that logged it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Decision(StrEnum):
    """What the rule did with the flow."""

    ALLOW = "allow"
    DENY = "deny"


class State(StrEnum):
    """Where the flow stood when the tuple was written; `DENY` is a state in VNet flow logs only."""

    BEGIN = "begin"
    CONTINUE = "continue"
    END = "end"
    DENY = "deny"


class Source(StrEnum):
    """The kind of log that a record comes from."""

    NSG = "nsg"
    VNET = "vnet"


VERSIONS: Final = {Source.NSG: frozenset({1, 2}), Source.VNET: frozenset({4})}
"""The format versions that each source is known to have."""


@dataclass(frozen=True, slots=True)
class FlowRecord:
    """One flow tuple with what its envelope says about it.

    Attributes:
        time: epoch milliseconds of the tuple, never of the log record around it.
        src_ip: the initiator's address, in the canonical text of RFC 5952.
        src_port: the initiator's port, 0 to 65535.
        dst_ip: the responder's address, in the canonical text of RFC 5952.
        dst_port: the responder's port, 0 to 65535.
        protocol: the IANA protocol number.
        direction: who began the flow, seen from the network card.
        decision: what the rule did.
        state: None in NSG version 1, which has none.
        encryption: the VNet token as written, known or not.
        packets_src_to_dst: since the flow's previous tuple, as all four counters; None where nothing was measured.
        bytes_src_to_dst: headers included.
        packets_dst_to_src: the replies.
        bytes_dst_to_src: the replies, headers included.
        rule: the rule's name as written, with its prefix.
        mac: the network card, 12 upper-case hexadecimal digits.
        acl_id: VNet's `aclID` as written (opaque).
        resource_id: NSG's `resourceId`, VNet's `targetResourceID`, case kept.
        flow_log_id: VNet's `flowLogResourceID`.
        source: the kind of log.
        version: the format's version.

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


def to_json_line(record: FlowRecord) -> str:
    """Return the record as one line of JSON, keys in order, without the newline."""
    return orjson.dumps(record).decode()


def canonical_address(text: str) -> str | None:
    """Return an IPv4 or IPv6 address in the canonical text of RFC 5952; None if it is none or has a zone id."""
    return _canonical_address(text) if len(text) <= _ADDRESS_CHARACTERS and "%" not in text else None


# The same addresses come again and again. Nothing long is kept, so that the memory of it has a bound.
@lru_cache(maxsize=16_384)
def _canonical_address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def means_not_measured(decision: Decision, state: State | None, counters: Sequence[object]) -> bool:
    """Tell whether counters are the four zeros of a tuple that begins or denies a flow: they measured nothing."""
    return tuple(counters) == (0, 0, 0, 0) and (state is State.BEGIN or decision is Decision.DENY)


def check(value: object) -> str | None:
    """Return why a decoded JSON value is no flow record, or None if it is one; the order of its keys is left open."""
    if not isinstance(value, dict):
        return "a flow record is a JSON object"
    if value.keys() != _KEY_SET:
        missing, unknown = [key for key in KEYS if key not in value], sorted(value.keys() - _KEY_SET)
        return f"a flow record lacks {', '.join(missing)}" if missing else f"unknown key {unknown[0]!r:.80}"
    for key, rule in _RULES.items():
        if not rule.holds(value[key]):
            return f"{key} must be {rule.words}, not {value[key]!r:.80}"
    return _check_together(value)


@dataclass(frozen=True, slots=True)
class _Rule:
    words: str
    holds: Callable[[object], bool]


_KEY_SET: Final = frozenset(KEYS)
_MAC: Final = re.compile(r"[0-9A-F]{12}")


def _whole(low: int, end: int, words: str) -> _Rule:
    return _Rule(words, lambda value: type(value) is int and low <= value < end)


def _one_of(choices: type[StrEnum]) -> _Rule:
    names = frozenset(choice.value for choice in choices)
    return _Rule(f"one of {', '.join(sorted(names))}", lambda value: isinstance(value, str) and value in names)


def _or_null(rule: _Rule) -> _Rule:
    return _Rule(f"{rule.words}, or null", lambda value: value is None or rule.holds(value))


_TEXT: Final = _Rule("a string", lambda value: isinstance(value, str))
_ADDRESS: Final = _Rule(
    "an address in canonical text", lambda value: isinstance(value, str) and canonical_address(value) == value
)
_PORT: Final = _whole(0, PORT_MAX + 1, f"a whole number from 0 to {PORT_MAX}")
_RULES: Final = {
    "time": _whole(TIME_MIN_MS, TIME_END_MS, "epoch milliseconds from 2000 to 2100"),
    "src_ip": _ADDRESS,
    "src_port": _PORT,
    "dst_ip": _ADDRESS,
    "dst_port": _PORT,
    "protocol": _whole(0, PROTOCOL_MAX + 1, f"a whole number from 0 to {PROTOCOL_MAX}"),
    "direction": _one_of(Direction),
    "decision": _one_of(Decision),
    "state": _or_null(_one_of(State)),
    "encryption": _or_null(_TEXT),
    **dict.fromkeys(COUNTERS, _or_null(_whole(0, 10**DIGITS_MAX, f"a whole number of at most {DIGITS_MAX} digits"))),
    "rule": _TEXT,
    "mac": _or_null(
        _Rule(
            "12 upper-case hexadecimal digits",
            lambda value: isinstance(value, str) and _MAC.fullmatch(value) is not None,
        )
    ),
    "acl_id": _or_null(_TEXT),
    "resource_id": _or_null(_TEXT),
    "flow_log_id": _or_null(_TEXT),
    "source": _one_of(Source),
    "version": _whole(1, 10**DIGITS_MAX, "a version number"),
}


def _check_together(value: dict[str, object]) -> str | None:
    """Check the rules that bind several keys, once each value alone is right."""
    source, version = Source(str(value["source"])), value["version"]
    if version not in VERSIONS[source]:
        return f"version {version} is no version of source {source.value}"
    state = None if value["state"] is None else State(str(value["state"]))
    decision = Decision(str(value["decision"]))
    if state is State.DENY and decision is not Decision.DENY:
        return "state deny needs decision deny"
    if means_not_measured(decision, state, [value[key] for key in COUNTERS]):
        return "four counters of zero must be null in a tuple that begins or denies a flow"
    return None
