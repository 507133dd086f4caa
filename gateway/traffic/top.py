"""The largest groups of what was asked for, and all the others as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Any

from gateway.traffic.basis import AS_LOGGED, Basis, basis_of
from gateway.traffic.field import Side, TextField
from gateway.traffic.fields import MAC, RULE
from gateway.traffic.protocols import protocol_name
from gateway.traffic.terms import Addresses, Pattern, Patterns, Search, Services, Term

type Name = tuple[str | None, ...]
"""What a group has in common, in words; a pair has two, a port its protocol too. None where it is absent."""


class Dimension(StrEnum):
    """What records are grouped by."""

    SOURCE = "source"
    DESTINATION = "destination"
    PAIR = "pair"
    PORT = "port"
    RULE = "rule"
    NIC = "nic"

    @classmethod
    def _missing_(cls, value: object) -> "Dimension | None":
        """Know what version 0.1 called NICs in addresses."""
        return cls.NIC if value == "card" else None


class Measure(StrEnum):
    """What makes a group large."""

    RECORDS = "records"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Group:
    """Records that have something in common.

    Attributes:
        name: What they have in common.
        terms: What to narrow the search by to have these records and no others.
        records: How many there are.
        bytes: In both directions, as far as the basis takes them.
    """

    name: Name
    terms: tuple[Term, ...]
    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Top:
    """The largest groups.

    Attributes:
        groups: The largest first.
        others: How many more groups there are.
        other_records: The records in those.
        other_bytes: Their bytes.
        basis: What the sums of bytes take.
    """

    groups: tuple[Group, ...]
    others: int
    other_records: int
    other_bytes: int
    basis: Basis


def sums_of(dimension: Dimension, search: Search) -> Basis:
    """Return what the sums of groups take: of what one rule or NIC saw, all as it was logged."""
    return AS_LOGGED if dimension in {Dimension.RULE, Dimension.NIC} else basis_of(search)


def named(dimension: Dimension, key: Sequence[Any]) -> tuple[Name, tuple[Term, ...]]:
    """Return the name of a group, and the terms that select its records and no others.

    Args:
        dimension: What records are grouped by.
        key: What the group has in common: canonical addresses, the numbers of a protocol and a port, or a text or None.
    """
    match dimension:
        case Dimension.SOURCE:
            return tuple(key), (_address(Side.SOURCE, key[0]),)
        case Dimension.DESTINATION:
            return tuple(key), (_address(Side.DESTINATION, key[0]),)
        case Dimension.PAIR:
            return tuple(key), (_address(Side.SOURCE, key[0]), _address(Side.DESTINATION, key[1]))
        case Dimension.PORT:
            protocol, port = key
            return (protocol_name(protocol), str(port)), (Services(((protocol, port),)),)
        case Dimension.RULE:
            return tuple(key), (_text(RULE, key[0]),)
        case Dimension.NIC:
            return tuple(key), (_text(MAC, key[0]),)


def _address(side: Side, address: str) -> Term:
    return Addresses(side, (ip_network(address),))


def _text(field: TextField, value: str | None) -> Term:
    if value is None:
        return Patterns(field, (Pattern("*"),), negated=True)
    return Patterns(field, (Pattern(value, exact=True),))
