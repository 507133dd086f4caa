"""Records to delete, in slices between which posts are stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.stores.records import Records
from gateway.traffic.questions import Condition

_SIZE: Final = 500_000
"""The number of records in a slice, of all customers: the time of a transaction depends on the records around it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Records of consecutive posts.

    Attributes:
        within: Which records.
        count: How many.
    """

    within: Condition
    count: int


def slices(records: Records, wanted: Condition) -> Iterator[Slice]:
    """Yield the records that meet a condition, slice by slice, without empty slices."""
    first, gathered, count = 0, 0, 0
    for post, all_records, matching in _posts(records, wanted):
        if gathered and gathered + all_records > _SIZE:
            if count:
                yield _slice(wanted, first, post - 1, count)
            first, gathered, count = post, 0, 0
        gathered += all_records
        count += matching
    if count:
        yield _slice(wanted, first, post, count)


def in_words(count: int) -> str:
    """Return a number of records in words."""
    return "1 record" if count == 1 else f"{count:,} records"


def _posts(records: Records, wanted: Condition) -> Iterator[tuple[int, int, int]]:
    return records.rows(
        f"SELECT post, count(*), count(*) FILTER ({wanted.sql}) FROM records GROUP BY post ORDER BY post",  # noqa: S608
        wanted.parameters,
    )


def _slice(wanted: Condition, first: int, last: int, count: int) -> Slice:
    within = Condition(f"({wanted.sql}) AND post BETWEEN ? AND ?", (*wanted.parameters, first, last))
    return Slice(within, count)
