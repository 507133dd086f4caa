"""Stored records whose marks turn: whoever read that they count is told, and the edges take their bytes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

_MERGED: Final = "SELECT post FROM edges_merged"
"""What is merged later is merged as it is marked by then."""


def turn(cursor: duckdb.DuckDBPyConnection, customer: int, hour: int, which: str) -> bool:
    """Mark records of an hour, in an open transaction, so that they do not count any more.

    Args:
        cursor: Where the transaction is open.
        customer: The number of the customer whose hour it is.
        hour: The hour, counted from the epoch.
        which: What asks for the records, in words of ours.

    Returns:
        Whether there were any.
    """
    turned = cursor.execute(
        f"UPDATE records SET counted = false, counted_bytes = 0 WHERE {which} RETURNING post, line"  # noqa: S608 - ours
    ).fetchnumpy()
    if not len(turned["post"]):
        return False
    cursor.register("turned", {name: np.ascontiguousarray(values) for name, values in turned.items()})
    cursor.execute(f"INSERT INTO turned_records SELECT post, line, false FROM turned WHERE post <= ({_MERGED})")  # noqa: S608
    _note(cursor, customer, hour)
    return True


@dataclass(slots=True)
class Turned:
    """How many hours had records that turned."""

    hours: int = 0


@contextmanager
def turning(cursor: duckdb.DuckDBPyConnection, customer: int, hour: int, within: str) -> Iterator[Turned]:
    """Note which stored records of an hour turn, either way, while the context is open within a transaction.

    Args:
        cursor: Where the transaction is open.
        customer: The number of the customer whose hour it is.
        hour: The hour, counted from the epoch.
        within: What asks for its records, in words of ours.
    """
    turned = Turned()
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE before AS SELECT post, line, counted FROM records WHERE {within}")  # noqa: S608
    yield turned
    changed = f"FROM records JOIN before USING (post, line) WHERE {within} AND records.counted <> before.counted"
    if cursor.execute(f"SELECT 1 {changed} LIMIT 1").fetchone() is not None:
        cursor.execute(
            f"INSERT INTO turned_records SELECT post, line, records.counted {changed} AND post <= ({_MERGED})"
        )
        _note(cursor, customer, hour)
        turned.hours += 1
    cursor.execute("DROP TABLE before")


def _note(cursor: duckdb.DuckDBPyConnection, customer: int, hour: int) -> None:
    """Let an hour arrive once more."""
    cursor.execute("INSERT INTO turned_hours (customer, hour) VALUES (?, ?)", [customer, hour])
