"""The columns of the traffic list: what each shows of a flow record, and which search finds the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any, Final

from gateway.traffic.community_id import community_id
from gateway.traffic.protocols import protocol_name
from gateway.traffic.terms import (
    LARGEST,
    WORDS,
    Addresses,
    NumberKey,
    Numbers,
    Pattern,
    PatternKey,
    Patterns,
    Ports,
    Side,
    Term,
    WordKey,
    Words,
)

type Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list.

    Attributes:
        label: What it is.
        heading: The same for the list's head, where the column before it helps to understand it.
        value: Gives what it shows of a record; None for what is absent.
        term: Gives the term that selects the records which have the same; None where no search does.
        is_number: Whether it is aligned as numbers are.

    """

    label: str
    heading: str
    value: Callable[[Record], Any]
    term: Callable[[Record], Term | None]
    is_number: bool = False


def opposite(term: Term) -> Term:
    """Return the term that holds exactly where a term does not."""
    return replace(term, negated=not term.negated)


def _plain(label: str, key: str, *, is_number: bool = False) -> Column:
    return Column(label, label, lambda record: record[key], lambda _record: None, is_number)


def _address(label: str, key: str, side: Side) -> Column:
    return Column(label, label, lambda record: record[key], lambda record: Addresses(side, (ip_network(record[key]),)))


def _port(label: str, key: str, side: Side) -> Column:
    return Column(
        label,
        "Port",
        lambda record: record[key],
        lambda record: None if record[key] is None else Ports(side, ((record[key], record[key]),)),
        is_number=True,
    )


def _word(label: str, key: WordKey) -> Column:
    def term(record: Record) -> Term:
        value = record[key.value]
        return Words(key, WORDS[key], negated=True) if value is None else Words(key, (value,))

    return Column(label, label, lambda record: record[key.value], term)


def _text(label: str, key: str, pattern_key: PatternKey) -> Column:
    def term(record: Record) -> Term:
        value = record.get(key)
        if value is None:
            return Patterns(pattern_key, (Pattern("*"),), negated=True)
        return Patterns(pattern_key, (Pattern(value, exact=True),))

    return Column(label, label, lambda record: record.get(key), term)


def _number(label: str, key: str, number_key: NumberKey) -> Column:
    def term(record: Record) -> Term:
        return Numbers(number_key, ((record[key], record[key]),))

    return Column(label, label, lambda record: record[key], term, is_number=True)


def _sum(label: str, key: NumberKey) -> Column:
    def value(record: Record) -> int | None:
        counts = [record[f"{key}_src_to_dst"], record[f"{key}_dst_to_src"]]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def term(record: Record) -> Term:
        number = value(record)
        if number is None:
            return Numbers(key, ((0, LARGEST[key]),), negated=True)
        return Numbers(key, ((number, number),))

    return Column(label, label, value, term, is_number=True)


def _ends(record: Record) -> tuple[str, int, str, int]:
    return record["src_ip"], record["src_port"], record["dst_ip"], record["dst_port"]


_PROTOCOL: Final = Column(
    "Protocol",
    "Protocol",
    lambda record: protocol_name(record["protocol"]),
    lambda record: Numbers(NumberKey.PROTO, ((record["protocol"], record["protocol"]),)),
)
_COMMUNITY_ID: Final = Column(
    "Community ID",
    "Community ID",
    lambda record: None if record["src_port"] is None else community_id(record["protocol"], *_ends(record)),
    lambda _record: None,
)
COLUMNS: Final[Mapping[str, Column]] = {
    "time": _plain("Time, UTC", "time"),
    "src_ip": _address("Source", "src_ip", Side.SOURCE),
    "src_port": _port("Source port", "src_port", Side.SOURCE),
    "dst_ip": _address("Destination", "dst_ip", Side.DESTINATION),
    "dst_port": _port("Destination port", "dst_port", Side.DESTINATION),
    "protocol": _PROTOCOL,
    "direction": _word("Direction", WordKey.DIRECTION),
    "decision": _word("Decision", WordKey.DECISION),
    "state": _word("State", WordKey.STATE),
    "packets": _sum("Packets", NumberKey.PACKETS),
    "bytes": _sum("Bytes", NumberKey.BYTES),
    "packets_src_to_dst": _plain("Packets sent", "packets_src_to_dst", is_number=True),
    "bytes_src_to_dst": _plain("Bytes sent", "bytes_src_to_dst", is_number=True),
    "packets_dst_to_src": _plain("Packets back", "packets_dst_to_src", is_number=True),
    "bytes_dst_to_src": _plain("Bytes back", "bytes_dst_to_src", is_number=True),
    "rule": _text("Rule", "rule", PatternKey.RULE),
    "mac": _text("Card", "mac", PatternKey.MAC),
    "encryption": _text("Encryption", "encryption", PatternKey.ENCRYPTION),
    "acl_id": _text("ACL", "acl_id", PatternKey.ACL),
    "resource_id": _text("Resource", "resource_id", PatternKey.RESOURCE),
    "flow_log_id": _text("Flow log", "flow_log_id", PatternKey.FLOWLOG),
    "community_id": _COMMUNITY_ID,
    "host": _text("Host", "host", PatternKey.HOST),
    "process": _text("Process", "process", PatternKey.PROCESS),
    "source": _word("Source", WordKey.SOURCE),
    "counted": _word("Counted", WordKey.COUNTED),
    "version": _number("Version", "version", NumberKey.VERSION),
}
"""All columns by their names in the address, which are the flow record's where they show what it has."""
DEFAULT_COLUMNS: Final = (
    "time",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "protocol",
    "direction",
    "decision",
    "state",
    "bytes",
    "rule",
)
