"""The largest groups of what was asked for, and all the others as one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.stores.duckdb.conditions import condition
from gateway.stores.duckdb.flow_records import with_origins, with_rules
from gateway.stores.duckdb.reading import Rows
from gateway.stores.duckdb.sums import SUMS
from gateway.traffic.addresses import text
from gateway.traffic.question import Question
from gateway.traffic.top import Dimension, Group, Measure, Top, named, sums_of


@dataclass(frozen=True, slots=True)
class _Grouping:
    """How records are grouped.

    Attributes:
        columns: The columns of `records`, in SQL.
        are_addresses: Whether these are the numbers of addresses.
        repeated: Where the columns are numbers for what records repeat: the column of the text, and what to join, by
            the customer's number.
    """

    columns: str
    are_addresses: bool = False
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

    def read(self, key: Sequence[Any]) -> Sequence[Any]:
        """Return what groups have in common, as `named` takes it."""
        # An address that was written as IPv6 though it is IPv4 is the same address.
        return tuple(map(text, key)) if self.are_addresses else key


_GROUPINGS: Final = {
    Dimension.SOURCE: _Grouping("src_number", are_addresses=True),
    Dimension.DESTINATION: _Grouping("dst_number", are_addresses=True),
    Dimension.PAIR: _Grouping("src_number, dst_number", are_addresses=True),
    Dimension.PORT: _Grouping("protocol, dst_port"),
    Dimension.RULE: _Grouping("rule_id", repeated=("name", with_rules)),
    Dimension.NIC: _Grouping("origin_id", repeated=("mac", with_origins)),
}
_COLUMN: Final = {Measure.RECORDS: "count", Measure.BYTES: "size"}
_ORDER: Final = {
    Measure.RECORDS: "groups.count DESC, groups.size DESC",
    Measure.BYTES: "groups.size DESC, groups.count DESC",
}


def top(rows: Rows, question: Question, dimension: Dimension, measure: Measure, limit: int) -> Top:
    """Group what was asked for, and return the largest groups; of equally large ones those that come first by key."""
    grouping, basis = _GROUPINGS[dimension], sums_of(dimension, question.search)
    asked = condition(rows, question)
    largest = list(
        rows(
            f"""WITH groups AS MATERIALIZED (
                    {grouping.groups(question.customer, SUMS[basis], asked.sql)}
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
    if not largest:
        return Top((), 0, 0, 0, basis)
    groups = tuple(
        Group(*named(dimension, grouping.read(key)), count, int(size)) for *key, count, size, _, _, _ in largest
    )
    all_groups, all_records, all_bytes = map(int, largest[0][-3:])
    return Top(
        groups,
        all_groups - len(groups),
        all_records - sum(group.records for group in groups),
        all_bytes - sum(group.bytes for group in groups),
        basis,
    )
