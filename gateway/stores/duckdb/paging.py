"""The records themselves, newest first, a page at a time."""

from collections.abc import Iterator
from typing import Any, Final

from gateway.stores.duckdb.conditions import Condition, condition
from gateway.stores.duckdb.flow_records import RECORDS, flow_record
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.paging import FIRST, Cursor, Kept, Page, RecordKey, Way
from gateway.traffic.question import Question

_SLICE: Final = 20_000
"""About how many records are exported at once; twice as many at the most."""
_STEPS: Final = 2_000
"""The time is cut at the ends of this many steps."""


def page(rows: Rows, question: Question, cursor: Cursor, size: int) -> Page:
    """Return one page of what was asked for."""
    order = "DESC" if cursor.way is Way.OLDER else ""
    within = condition(rows, question)
    beyond = _beyond(cursor)
    found = rows(
        # First which records, then what they say: of all the others only the time is looked at.
        f"""WITH found AS (
                SELECT * FROM records WHERE {within.sql} AND {beyond.sql}
                ORDER BY time {order}, post {order}, line {order} LIMIT ?
            )
            {RECORDS.replace("FROM records", "FROM found")} ORDER BY time {order}, post {order}, line {order}""",  # noqa: S608 - ours
        [*within.parameters, *beyond.parameters, size + 1],
    )
    return Page.of(list(map(_kept, found)), cursor, size)


def record(rows: Rows, customer: int, key: RecordKey) -> Kept | None:
    """Return the record of a customer's that is at a key, if it is still kept."""
    found = rows(f"{RECORDS} WHERE customer = ? AND time = ? AND post = ? AND line = ?", [customer, *key])
    return next(map(_kept, found), None)


def every(rows: Rows, question: Question) -> Iterator[Any]:
    """Yield all flow records that were asked for, newest first; what arrives meanwhile is left out if it is newer."""
    for start, end in _slices(rows, question):
        within = question.within(start, end)
        cursor: Cursor | None = FIRST
        while cursor is not None:
            part = page(rows, within, cursor, 2 * _SLICE)
            yield from (each.record for each in part.records)
            cursor = part.older


def _slices(rows: Rows, question: Question) -> Iterator[tuple[int, int]]:
    """Cut the time into slices of about as many records as are exported at once, the newest first.

    Without them every part of an export would put in order all records that are left.
    """
    step = max((question.end - question.start) // _STEPS, 1)
    within = condition(rows, question)
    counts = rows(
        f"SELECT (time - ?) // ? AS step, count(*) FROM records WHERE {within.sql} GROUP BY step ORDER BY step DESC",  # noqa: S608 - ours
        [question.start, step, *within.parameters],
    )
    end, gathered = question.end, 0
    for key, count in counts:
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


def _kept(row: tuple[Any, ...]) -> Kept:
    *_, counted, post, line = row
    return Kept(flow_record(row), (row[0], post, line), bool(counted))
