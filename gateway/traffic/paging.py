"""The records themselves, newest first, a page at a time.

A page is asked for by the record that it follows, not by its number: the last page costs what the first one does, and
records that arrive meanwhile move nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from gateway.stores.flow_records import RECORDS, flow_record
from gateway.stores.records import Records
from gateway.traffic.questions import Condition, Question, condition

type RecordKey = tuple[int, int, int]
"""A record's time, the number of its post and its line there: no two records have the same."""

_SLICE: Final = 20_000
"""About how many records are exported at once; twice as many at the most."""
_STEPS: Final = 2_000
"""The time is cut at the ends of this many steps."""
_LARGEST: Final = 2**63
_DIGITS: Final = 19


class Way(StrEnum):
    """The direction in which pages follow each other."""

    OLDER = "older"
    NEWER = "newer"


def written_key(key: RecordKey) -> str:
    """Write a key as `read_key` reads it."""
    return ".".join(map(str, key))


def read_key(text: str) -> RecordKey:
    """Read a key.

    Raises:
        ValueError: It is not one.

    """
    time, post, line = map(_whole, text.split("."))
    return time, post, line


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page is.

    Attributes:
        way: Whether its records are older or newer than the one of the key.
        key: That record's; None for the end itself: older than all is the first page, newer than all the last one.

    """

    way: Way = Way.OLDER
    key: RecordKey | None = None

    def __str__(self) -> str:
        """Write the cursor as `parse` reads it."""
        return self.way if self.key is None else f"{self.way}:{written_key(self.key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor.

        Raises:
            ValueError: It is not one.

        """
        way, marked, key = text.partition(":")
        if not marked:
            return cls(Way(way))
        return cls(Way(way), read_key(key))


FIRST: Final = Cursor(Way.OLDER)
LAST: Final = Cursor(Way.NEWER)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records that were asked for.

    Attributes:
        records: Flow records, newest first.
        keys: The key of each of them.
        counted: Whether the bytes of each count.
        newer: Where the page before is; None if this is the first one.
        older: Where the page after is; None if this is the last one.

    """

    records: tuple[dict[str, Any], ...]
    keys: tuple[RecordKey, ...]
    counted: tuple[bool, ...]
    newer: Cursor | None
    older: Cursor | None


def page(records: Records, question: Question, cursor: Cursor = FIRST, size: int = 50) -> Page:
    """Return one page of what was asked for."""
    order = "DESC" if cursor.way is Way.OLDER else ""
    within = condition(records, question)
    beyond = _beyond(cursor)
    rows = list(
        records.rows(
            # First which records, then what they say: of all the others only the time is looked at.
            f"""WITH found AS (
                    SELECT * FROM records WHERE {within.sql} AND {beyond.sql}
                    ORDER BY time {order}, post {order}, line {order} LIMIT ?
                )
                {RECORDS.replace("FROM records", "FROM found")} ORDER BY time {order}, post {order}, line {order}""",  # noqa: S608 - ours
            [*within.parameters, *beyond.parameters, size + 1],
        )
    )
    more, rows = len(rows) > size, rows[:size]
    if cursor.way is Way.NEWER:
        rows.reverse()
    if not rows:
        return Page((), (), (), None, None)
    newer = Cursor(Way.NEWER, _place(rows[0]))
    older = Cursor(Way.OLDER, _place(rows[-1]))
    behind = cursor.key is not None
    return Page(
        tuple(map(flow_record, rows)),
        tuple(map(_place, rows)),
        tuple(map(_counts, rows)),
        newer if (more if cursor.way is Way.NEWER else behind) else None,
        older if (more if cursor.way is Way.OLDER else behind) else None,
    )


def find(records: Records, customer: int, key: RecordKey) -> tuple[dict[str, Any], bool] | None:
    """Return the record of a customer's that is at a key, and whether its bytes count, if it is still kept."""
    rows = records.rows(f"{RECORDS} WHERE customer = ? AND time = ? AND post = ? AND line = ?", [customer, *key])
    return next(((flow_record(row), _counts(row)) for row in rows), None)


def every(records: Records, question: Question) -> Iterator[dict[str, Any]]:
    """Yield all that was asked for, newest first; what arrives meanwhile is left out if it is newer."""
    for start, end in _slices(records, question):
        within = replace(question, start=start, end=end)
        cursor: Cursor | None = FIRST
        while cursor is not None:
            part = page(records, within, cursor, 2 * _SLICE)
            yield from part.records
            cursor = part.older


def _slices(records: Records, question: Question) -> Iterator[tuple[int, int]]:
    """Cut the time into slices of about as many records as are exported at once, the newest first.

    Without them every part of an export would put in order all records that are left.
    """
    step = max((question.end - question.start) // _STEPS, 1)
    within = condition(records, question)
    rows = records.rows(
        f"SELECT (time - ?) // ? AS step, count(*) FROM records WHERE {within.sql} GROUP BY step ORDER BY step DESC",  # noqa: S608 - ours
        [question.start, step, *within.parameters],
    )
    end, gathered = question.end, 0
    for key, count in rows:
        gathered += count
        if gathered >= _SLICE:
            start = question.start + key * step
            yield start, end
            end, gathered = start, 0
    if end > question.start:
        yield question.start, end


def _beyond(cursor: Cursor) -> Condition:
    if cursor.key is None:
        return Condition("true")
    sign = "<" if cursor.way is Way.OLDER else ">"
    time, post, line = cursor.key
    # The first half lets whole groups of rows be passed over.
    return Condition(
        f"time {sign}= ? AND (time {sign} ? OR post {sign} ? OR (post = ? AND line {sign} ?))",
        (time, time, post, post, line),
    )


def _place(row: tuple[Any, ...]) -> RecordKey:
    return row[0], row[-2], row[-1]


def _counts(row: tuple[Any, ...]) -> bool:
    return bool(row[-3])


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) < _LARGEST):
        raise ValueError(text)
    return int(text)
