"""The largest groups of what was asked for, and all the others as one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Any, Final

from gateway.stores.addresses import text
from gateway.stores.flow_records import with_origins, with_rules
from gateway.stores.records import Records
from gateway.traffic.basis import AS_LOGGED, Basis, basis_of
from gateway.traffic.protocols import protocol_name
from gateway.traffic.questions import Question, condition
from gateway.traffic.terms import (
    Addresses,
    Pattern,
    PatternKey,
    Patterns,
    Search,
    Services,
    Side,
    Term,
)


class Dimension(StrEnum):
    """What records are grouped by."""

    SOURCE = "source"
    DESTINATION = "destination"
    PAIR = "pair"
    PORT = "port"
    RULE = "rule"
    NIC = "card"


class Measure(StrEnum):
    """What makes a group large."""

    RECORDS = "records"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Group:
    """Records that have something in common.

    Attributes:
        name: What they have in common, in words; a pair has two, a port its protocol too. None where it is absent.
        terms: What to narrow the search by to have these records and no others.
        records: How many there are.
        bytes: In both directions, as far as the basis takes them.

    """

    name: tuple[str | None, ...]
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


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How records are grouped.

    Attributes:
        columns: The columns of `records`, in SQL.
        name: Makes of the values of its key the group's name and terms.
        repeated: Where the columns are numbers for what records repeat: the column of the text, and what to join, by
            the customer's number.

    """

    columns: str
    name: Callable[[Sequence[Any]], tuple[tuple[str | None, ...], tuple[Term, ...]]]
    repeated: tuple[str, Callable[[int], str]] | None = None

    @property
    def key(self) -> str:
        """The columns that groups have in common, in SQL."""
        return self.columns if self.repeated is None else self.repeated[0]

    def groups(self, customer: int, size: str, condition: str) -> str:
        """Select the groups of the records of a customer that meet a condition, with `count` and `size`."""
        grouped = f"""SELECT {self.columns}, count(*) AS count, {size} AS size
                      FROM records WHERE {condition} GROUP BY {self.columns}"""  # noqa: S608 - our own words
        if self.repeated is None:
            return grouped
        # By number first: a text for every record takes twice as long.
        text, joined = self.repeated
        return f"""SELECT {text}, sum(count)::BIGINT AS count, sum(size) AS size
                   FROM ({grouped}) {joined(customer)} GROUP BY {text}"""  # noqa: S608 - our own words


def _basis(dimension: Dimension, search: Search) -> Basis:
    """Return what the sums of groups take: of what one rule or NIC saw, all as it was logged."""
    return AS_LOGGED if dimension in {Dimension.RULE, Dimension.NIC} else basis_of(search)


def top(records: Records, question: Question, dimension: Dimension, measure: Measure, limit: int = 10) -> Top:
    """Group what was asked for, and give the largest groups; of equally large ones those that come first by key."""
    grouping, basis = _GROUPINGS[dimension], _basis(dimension, question.search)
    asked = condition(records, question)
    rows = list(
        records.rows(
            f"""WITH groups AS MATERIALIZED (
                    {grouping.groups(question.customer, basis.sql, asked.sql)}
                ), sums AS (
                    SELECT count(*) AS groups, sum(count) AS count, sum(size) AS size,
                           list_min(max({_COLUMN[measure]}, {limit:d})) AS least
                    FROM groups
                )
                SELECT groups.*, sums.* EXCLUDE (least) FROM groups, sums
                -- Of millions of groups, only those are put in order that may be among the largest.
                WHERE groups.{_COLUMN[measure]} >= least
                ORDER BY {_ORDER[measure]}, {grouping.key} LIMIT {limit:d}""",  # noqa: S608 - our own words and a number
            asked.parameters,
        )
    )
    if not rows:
        return Top((), 0, 0, 0, basis)
    groups = tuple(Group(*grouping.name(key), count, int(size)) for *key, count, size, _, _, _ in rows)
    all_groups, all_records, all_bytes = map(int, rows[0][-3:])
    return Top(
        groups,
        all_groups - len(groups),
        all_records - sum(group.records for group in groups),
        all_bytes - sum(group.bytes for group in groups),
        basis,
    )


def _address(number: int, side: Side) -> tuple[str, Term]:
    # An address that was written as IPv6 though it is IPv4 is the same address.
    address = text(number)
    return address, Addresses(side, (ip_network(address),))


def _pair(key: Sequence[Any]) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    (source, from_source), (destination, to_destination) = (
        _address(number, side) for number, side in zip(key, (Side.SOURCE, Side.DESTINATION), strict=True)
    )
    return (source, destination), (from_source, to_destination)


def _one_address(side: Side) -> Callable[[Sequence[Any]], tuple[tuple[str, ...], tuple[Term, ...]]]:
    def name(key: Sequence[Any]) -> tuple[tuple[str, ...], tuple[Term, ...]]:
        address, term = _address(key[0], side)
        return (address,), (term,)

    return name


def port_name(protocol: int, port: int) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    """Return the name of a port, with its protocol, and the terms that select it as a destination."""
    return (protocol_name(protocol), str(port)), (Services(((protocol, port),)),)


def _text(key: PatternKey) -> Callable[[Sequence[Any]], tuple[tuple[str | None, ...], tuple[Term, ...]]]:
    def name(values: Sequence[Any]) -> tuple[tuple[str | None, ...], tuple[Term, ...]]:
        value: str | None = values[0]
        if value is None:
            return (None,), (Patterns(key, (Pattern("*"),), negated=True),)
        return (value,), (Patterns(key, (Pattern(value, exact=True),)),)

    return name


_GROUPINGS: Final = {
    Dimension.SOURCE: _Grouping("src_number", _one_address(Side.SOURCE)),
    Dimension.DESTINATION: _Grouping("dst_number", _one_address(Side.DESTINATION)),
    Dimension.PAIR: _Grouping("src_number, dst_number", _pair),
    Dimension.PORT: _Grouping("protocol, dst_port", lambda key: port_name(*key)),
    Dimension.RULE: _Grouping("rule_id", _text(PatternKey.RULE), ("name", with_rules)),
    Dimension.NIC: _Grouping("origin_id", _text(PatternKey.MAC), ("mac", with_origins)),
}
_COLUMN: Final = {Measure.RECORDS: "count", Measure.BYTES: "size"}
_ORDER: Final = {
    Measure.RECORDS: "groups.count DESC, groups.size DESC",
    Measure.BYTES: "groups.size DESC, groups.count DESC",
}
