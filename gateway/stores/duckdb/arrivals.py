"""What arrived since a cursor: posts, and hours whose marks turned, which are numbered by one sequence.

One writer at a time takes numbers and commits, so that none appears behind a number that was read.
"""

from typing import Final

from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.arrivals import Arrival, Arrivals

_ARRIVALS: Final = f"""
    SELECT id, customer, first_time AS start, last_time + 1 AS end FROM posts
    WHERE id > $after AND first_time IS NOT NULL
    UNION ALL
    SELECT id, customer, hour::BIGINT * {HOUR_MS}, (hour::BIGINT + 1) * {HOUR_MS} FROM turned_hours WHERE id > $after
    ORDER BY id LIMIT $most
"""  # noqa: S608 - numbers
_DIGITS: Final = 18


def arrivals(rows: Rows, cursor: str | None, most: int) -> Arrivals:
    """Return what arrived since a cursor, which is the number of the last arrival before."""
    after = 0 if cursor is None else _number(cursor)
    found = list(rows(_ARRIVALS, {"after": after, "most": most}))
    last = found[-1][0] if found else after
    return Arrivals(tuple(Arrival(customer, start, end) for _, customer, start, end in found), str(last))


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _DIGITS):
        raise ValueError(cursor)
    return int(cursor)
