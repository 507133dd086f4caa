"""Flow records and the keys they came under, in one DuckDB file that one process owns.

A post is stored in one transaction: its records and its idempotency key with the answer, or nothing. DuckDB writes the
transaction to its log and syncs it before `COMMIT` returns, so what was answered with 202 outlives a kill.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from copy import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from gateway.clock import AHEAD, from_ms, to_ms
from gateway.stores.answers import packed, unpacked
from gateway.stores.counting.batch import HOUR_MS
from gateway.stores.counting.settling import Waiting, next_waiting, settle
from gateway.stores.flow_records import RECORDS, flow_record
from gateway.stores.loading import Loader, Texts
from gateway.stores.posts import Log, Post, RemovedError, newest
from gateway.stores.records_schema import SCHEMA, connect, version_of
from gateway.stores.transposed import Columns
from gateway.stores.usage import DEFAULT_BUDGET, Budget, Usage, Usages, of_facts, of_post
from gateway.stores.watch import Patience, TooSlowError, stopped_after

KEY_LIFE: Final = timedelta(days=35)
"""An idempotency key lives at least this long, and as long as its records."""

MOST_REFUSALS: Final = 1_000
"""Of so many storage accounts of a customer's the last refusal is kept."""


class Records:
    """The store of flow records. Every method may be called from any thread, and blocks: call none on an event loop."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._loader = Loader()
        self._usages = Usages()
        self._usages.recount(connection.execute)
        self._writing = threading.Lock()
        self._patience: Patience | None = None
        self._removed: set[int] = set()
        self._settled = 0
        self._not_settled: set[Waiting] = set()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store at a path, or begin it.

        Raises:
            duckdb.IOException: Another process has the file open.
            OtherVersionError: The file was written by another version of the gateway.

        """
        connection = connect(path)
        try:
            version = version_of(connection)
            if not version:
                connection.begin()
                SCHEMA.create(connection.execute)
                connection.commit()
            else:
                SCHEMA.require_current(path, version)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    def for_people(self, seconds: float, left: threading.Event | None = None) -> "Records":
        """Return the same store to somebody who waits so long, and no longer, for each query."""
        limited = copy(self)
        limited._patience = Patience(seconds, left or threading.Event())  # noqa: SLF001 - its own class
        return limited

    def close(self) -> None:
        """Write everything into the file proper and let go of it."""
        with self._writing:
            self._connection.close()

    def check(self) -> None:
        """Make sure that the store answers.

        Raises:
            duckdb.Error: It does not.

        """
        next(self.rows("SELECT version FROM schema_version", []))

    def touch(self) -> None:
        """Write durably, and change nothing but the number of the next post.

        Raises:
            duckdb.Error: The file cannot be written.

        """
        with self._writing, self._transaction() as cursor:
            # DuckDB writes nothing of an update that changes nothing.
            cursor.execute("SELECT nextval('post_id')").fetchall()

    def find(self, customer: int, key: str) -> Post | None:
        """Return the post that a customer sent under a key, if there is one."""
        return next(self._posts("WHERE customer = ? AND key = ?", [customer, key]), None)

    def usage(self, customer: int) -> Usage:
        """Return what a customer has stored."""
        return self._usages.of(customer)

    def store(self, post: Post, columns: Columns, budget: Budget = DEFAULT_BUDGET) -> Usage:
        """Store a post and its records, durably and in one transaction.

        Args:
            post: The post; its key must be new to its customer.
            columns: Flow records that have passed `shared.flowlog.check.check`.
            budget: What its customer may have stored, this post included.

        Returns: What it takes.

        Raises:
            RemovedError: The removal of the post's customer has begun. Nothing was stored.
            BudgetSpentError: It would pass the budget. Nothing was stored.
            duckdb.Error: Nothing was stored, unless it was the commit that failed; `find` tells after a restart. A
                `ConstraintException` means that the key is there already.

        """
        texts = Texts.of(columns)
        with self._writing:
            if post.customer in self._removed:
                raise RemovedError
            used = of_post(len(columns["time"]), post.rejected)
            self._usages.require_room(post.customer, used, budget)

            def admit(more: Usage) -> None:
                nonlocal used
                used += more
                self._usages.require_room(post.customer, used, budget)

            with self._doubting(post.customer), self._transaction() as cursor:
                (number,) = _row(
                    cursor.execute(
                        """INSERT INTO posts
                               (customer, key, body_hash, answer, accepted_at, account, log, newest, rejected,
                                by_agent)
                           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""",
                        [
                            post.customer,
                            post.key,
                            post.body_hash,
                            packed(post.answer),
                            to_ms(post.accepted_at),
                            post.log and post.log.account,
                            post.log and post.log.name,
                            newest(columns["time"], to_ms(post.accepted_at + AHEAD)),
                            post.rejected,
                            post.by_agent,
                        ],
                    )
                )
                learn = self._loader.load(cursor, number, post.customer, columns, texts, admit)
            learn()
            self._usages.add(post.customer, used)
        return used

    def refuse(self, customer: int, account: str, at: datetime, status: int, message: str) -> None:
        """Keep that a post from a storage account was refused, and why, in place of the one before.

        Since when they are goes on from that one, unless a post was accepted in between.
        """
        with self._writing, self._transaction() as cursor:
            if customer in self._removed:
                return
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

    def knows(self, customer: int, account: str) -> bool:
        """Return whether a post of a customer's, whose key is kept, came from a storage account."""
        query = "SELECT 1 FROM posts WHERE customer = ? AND account = ? LIMIT 1"
        return next(self.rows(query, [customer, account]), None) is not None

    def forget_keys(self, now: datetime) -> int:
        """Forget the keys that have outlived `KEY_LIFE` and their records; return how many.

        Those of posts that records were erased from live for ever: a replay must bring nothing back.
        """
        with self._writing:
            with self._transaction() as cursor:
                gone = cursor.execute(
                    """DELETE FROM posts WHERE accepted_at < ? AND erased_at IS NULL
                       AND NOT EXISTS (SELECT 1 FROM records WHERE records.post = posts.id) RETURNING id""",
                    [to_ms(now - KEY_LIFE)],
                ).fetchall()
            if gone:
                self._usages.recount(self._connection.execute)
        return len(gone)

    def take_nothing_of(self, customer: int) -> None:
        """Store nothing more of a customer whose removal has begun, whatever is under way by now."""
        with self._writing:
            self._removed.add(customer)

    @contextmanager
    def deleting(self, *, last: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Delete records in one transaction, and write the log into the file proper after it.

        DuckDB would do so by itself now and then. After deletes of many transactions at once, that takes as long as
        all of them, during which no post is stored: nine seconds at ten million records.

        Args:
            last: Whether to forget what no record repeats any more, too.

        """
        with self._writing:
            with self._transaction() as cursor:
                yield cursor
                if last:
                    self._loader.forget(cursor)
            if last:
                self._loader.forgotten()
            self._usages.recount(self._connection.execute)
        # While a backup reads, DuckDB refuses; it writes the log by itself later.
        with self._writing, closing(self._connection.cursor()) as cursor, suppress(duckdb.TransactionException):
            cursor.execute("CHECKPOINT")

    def settle(self, now: datetime) -> bool:
        """Mark the records of an hour that is over and waits for it, of one customer after another.

        An hour that could not be marked comes again once no other waits.

        Returns: Whether there was one.

        """
        if next(self.rows("SELECT 1 FROM unsettled LIMIT 1", []), None) is None:
            return False
        with self._writing:
            with self._transaction() as cursor:
                waiting = next_waiting(cursor, self._settled, to_ms(now) // HOUR_MS, self._not_settled)
                if waiting is None:
                    self._not_settled.clear()
                    return False
                # Before it is tried: whatever goes wrong, others have their turn.
                self._settled = waiting.customer
                self._not_settled.add(waiting)
                more = settle(cursor, waiting)
            self._not_settled.discard(waiting)
            self._loader.doubt(waiting.customer)
            self._usages.add(waiting.customer, of_facts(more))
        return True

    def unsettled(self, customer: int, start: int, end: int) -> int:
        """Count the hours of a span whose records still count twice where two logged them."""
        return int(
            next(
                self.rows(
                    "SELECT count(DISTINCT hour) FROM unsettled WHERE customer = ? AND hour BETWEEN ? AND ?",
                    [customer, start // HOUR_MS, (end - 1) // HOUR_MS],
                )
            )[0]
        )

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let all who want to write wait until the context ends."""
        with self._writing:
            yield

    def snapshot(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor, to be closed, that sees the store as it is now whatever is written later."""
        cursor = self._connection.cursor()
        try:
            cursor.begin()
            # DuckDB chooses what a transaction sees at its first read.
            cursor.execute("SELECT version FROM schema_version").fetchone()
        except BaseException:
            cursor.close()
            raise
        return cursor

    def count(self, customer: int) -> int:
        """Count a customer's records."""
        return int(next(self.rows("SELECT count(*) FROM records WHERE customer = ?", [customer]))[0])

    def records(self, customer: int) -> Iterator[dict[str, Any]]:
        """Return a customer's records in the order in which they were stored, keys as in the flow record."""
        return map(flow_record, self.rows(f"{RECORDS} WHERE customer = ? ORDER BY post, line", [customer]))

    def arrivals(self, customer: int) -> Iterator[tuple[dict[str, Any], datetime]]:
        """Yield a customer's records in the order in which they were stored, each with when it was accepted."""
        arrived = dict(self.rows("SELECT id, accepted_at FROM posts WHERE customer = ?", [customer]))
        for row in self.rows(f"{RECORDS} WHERE customer = ? ORDER BY post, line", [customer]):
            yield flow_record(row), from_ms(arrived[row[-2]])

    def posts(self, customer: int) -> Iterator[Post]:
        """Return a customer's posts in the order in which they were stored."""
        return self._posts("WHERE customer = ? ORDER BY id", [customer])

    def _posts(self, where: str, parameters: list[object]) -> Iterator[Post]:
        rows = self.rows(
            f"""SELECT customer, key, body_hash, answer, accepted_at, rejected, by_agent, account, log
                FROM posts {where}""",  # noqa: S608 - ours
            parameters,
        )
        for customer, key, body_hash, answer, accepted_at, rejected, by_agent, *log in rows:
            known = None if log[0] is None else Log(*log)
            accepted = from_ms(accepted_at)
            yield Post(customer, key, body_hash, unpacked(answer), accepted, known, rejected, by_agent)

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
        """Run a query beside everything else; it sees what was stored when it began.

        Args:
            query: A statement of our own; whatever a person wrote is a parameter.
            parameters: One for each `?`, or for each `$name`.

        Raises:
            TooSlowError: The store is `for_people`, and their time was up.

        """
        with closing(self._connection.cursor()) as cursor:
            with nullcontext() if self._patience is None else stopped_after(self._patience, cursor):
                cursor.execute(query, parameters)
            try:
                while rows := cursor.fetchmany(10_000):
                    yield from rows
            except duckdb.InterruptException:
                # The watch is over by now, but its last word may come a moment after the query is done.
                raise TooSlowError("The query took too long, or nobody is waiting for it any more.") from None

    @contextmanager
    def _doubting(self, customer: int) -> Iterator[None]:
        """Forget what a customer's post taught unless it is stored."""
        try:
            yield
        except BaseException:
            self._loader.doubt(customer)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run statements in one transaction, which an exception undoes."""
        with closing(self._connection.cursor()) as cursor:
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                # After some errors DuckDB has undone it already, and says so by another.
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise


def _row(cursor: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Return the one row of a statement that has one."""
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - the statements say so
    return row
