"""Records that are to be deleted, a part of the file at once: between two parts posts are stored."""

from datetime import datetime

import duckdb

from gateway.clock import to_ms
from gateway.stores.duckdb import edges
from gateway.stores.duckdb.conditions import Condition, deleted
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.store import Slice, Wanted


def slices(rows: Rows, wanted: Wanted, size: int) -> list[Slice]:
    """Return where records are that are to be deleted, in parts that hold about so many records of anybody's."""
    asked = deleted(rows, wanted)
    found = rows(
        f"""SELECT min(post), max(post), sum(wanted)::BIGINT FROM (
                SELECT post, (sum(count(*)) OVER (ORDER BY post) - 1) // {size:d} AS slice,
                       count(*) FILTER ({asked.sql}) AS wanted
                FROM records GROUP BY post
            ) GROUP BY slice HAVING sum(wanted) > 0 ORDER BY slice""",  # noqa: S608 - words of ours
        asked.parameters,
    )
    return [Slice(*each) for each in found]


def part_of(rows: Rows, wanted: Wanted, within: Slice) -> Condition:
    """Ask for the records of a slice that are to be deleted."""
    asked = deleted(rows, wanted)
    return Condition(f"post BETWEEN ? AND ? AND {asked.sql}", (within.first, within.last, *asked.parameters))


def merged(which: Condition) -> Condition:
    """Ask only for records that the edges have."""
    return Condition(f"post <= (SELECT post FROM edges_merged) AND {which.sql}", which.parameters)  # noqa: S608 - ours


def delete(cursor: duckdb.DuckDBPyConnection, expired: Condition) -> None:
    """Delete expired records, in an open transaction."""
    # The edges keep what they brought, as it is by now.
    edges.take_back(cursor)
    cursor.execute(f"DELETE FROM records WHERE {expired.sql}", expired.parameters)  # noqa: S608 - ours


def erase(cursor: duckdb.DuckDBPyConnection, customer: int, erased: Condition, at: datetime) -> None:
    """Erase a customer's records, in an open transaction, so that neither posts nor edges tell of them any more."""
    edges.take_out(cursor, customer, erased)
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE erased AS SELECT DISTINCT post FROM records WHERE {erased.sql}",  # noqa: S608
        erased.parameters,
    )
    cursor.execute(f"DELETE FROM records WHERE {erased.sql}", erased.parameters)  # noqa: S608 - ours
    cursor.execute(
        """UPDATE posts SET erased_at = ?, first_time = spans.first, last_time = spans.last
           FROM (
               SELECT erased.post, min(time) AS first, max(time) AS last
               FROM erased LEFT JOIN records USING (post) GROUP BY erased.post
           ) AS spans WHERE spans.post = posts.id""",
        [to_ms(at)],
    )
    cursor.execute("DROP TABLE erased")


def remove(cursor: duckdb.DuckDBPyConnection, customer: int) -> None:
    """Delete all of a customer that is left, in an open transaction, but what goes with its last record."""
    for table in ("records", "posts", "refusals", "turned_hours", "edges", "observers"):
        cursor.execute(f"DELETE FROM {table} WHERE customer = ?", [customer])  # noqa: S608 - names of ours
