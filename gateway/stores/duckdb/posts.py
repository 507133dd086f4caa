"""Posts in the records' file, and refusals of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import duckdb

from gateway.clock import AHEAD, from_ms, to_ms
from gateway.stores.duckdb.answers import packed, unpacked
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.posts import Log, Post, newest
from gateway.traffic.transposed import Columns

MOST_REFUSALS: Final = 1_000
"""Of so many storage accounts of a customer's the last refusal is kept."""


def find(rows: Rows, customer: int, key: str) -> Post | None:
    """Return the post that a customer sent under a key, if there is one."""
    return next(_posts(rows, "WHERE customer = ? AND key = ?", [customer, key]), None)


def posts_of(rows: Rows, customer: int) -> Iterator[Post]:
    """Yield a customer's posts in the order in which they were stored."""
    return _posts(rows, "WHERE customer = ? ORDER BY id", [customer])


def knows(rows: Rows, customer: int, account: str) -> bool:
    """Return whether a post of a customer's, whose key is kept, came from a storage account."""
    query = "SELECT 1 FROM posts WHERE customer = ? AND account = ? LIMIT 1"
    return next(rows(query, [customer, account]), None) is not None


def insert(cursor: duckdb.DuckDBPyConnection, post: Post, columns: Columns) -> int:
    """Insert a post without its records, in an open transaction; return its number."""
    times = columns["time"]
    ((number,),) = cursor.execute(
        """INSERT INTO posts (customer, key, body_hash, answer, accepted_at, account, log, newest, rejected, by_agent,
                              first_time, last_time)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
        [
            post.customer,
            post.key,
            post.body_hash,
            packed(post.answer),
            to_ms(post.accepted_at),
            post.log and post.log.account,
            post.log and post.log.name,
            newest(times, to_ms(post.accepted_at + AHEAD)),
            post.rejected,
            post.by_agent,
            min(times, default=None),
            max(times, default=None),
        ],
    ).fetchall()
    return int(number)


def refuse(
    cursor: duckdb.DuckDBPyConnection, customer: int, account: str, at: datetime, status: int, message: str
) -> None:
    """Keep a refusal in place of the one before, in an open transaction."""
    before = cursor.execute(
        """SELECT since FROM refusals WHERE customer = $customer AND account = $account AND refused_at >
           (SELECT coalesce(max(accepted_at), 0) FROM posts WHERE customer = $customer AND account = $account)
        """,
        {"customer": customer, "account": account},
    ).fetchone()
    cursor.execute(
        """INSERT OR REPLACE INTO refusals (customer, account, refused_at, status, message, since)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [customer, account, to_ms(at), status, message, to_ms(at) if before is None else before[0]],
    )
    # A sender may name any number of accounts.
    cursor.execute(
        """DELETE FROM refusals WHERE customer = $customer AND account IN (
               SELECT account FROM refusals WHERE customer = $customer
               ORDER BY refused_at DESC, account = $account DESC OFFSET $most)""",
        {"customer": customer, "account": account, "most": MOST_REFUSALS},
    )


def forget(cursor: duckdb.DuckDBPyConnection, before: datetime) -> int:
    """Forget posts without records that were accepted before a moment and erased of nothing; return how many."""
    gone = cursor.execute(
        """DELETE FROM posts WHERE accepted_at < ? AND erased_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM records WHERE records.post = posts.id) RETURNING id""",
        [to_ms(before)],
    ).fetchall()
    return len(gone)


def _posts(rows: Rows, where: str, parameters: list[object]) -> Iterator[Post]:
    found = rows(
        f"""SELECT customer, key, body_hash, answer, accepted_at, rejected, by_agent, account, log
            FROM posts {where}""",  # noqa: S608 - ours
        parameters,
    )
    return map(_post, found)


def _post(row: tuple[Any, ...]) -> Post:
    customer, key, body_hash, answer, accepted_at, rejected, by_agent, *log = row
    known = None if log[0] is None else Log(*log)
    return Post(customer, key, body_hash, unpacked(answer), from_ms(accepted_at), known, rejected, by_agent)
