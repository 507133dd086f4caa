"""Flow records and the keys of their posts, in one DuckDB file that one process owns.

A post is stored in one transaction: its records and its idempotency key with the answer, or nothing. DuckDB writes the
transaction to its log and syncs it before `COMMIT` returns, so what was answered with 202 survives a kill.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import duckdb

from gateway.clock import to_ms
from gateway.stores.duckdb import deleting, edges, posts
from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.counting.settling import Settler, settle
from gateway.stores.duckdb.errors import translated
from gateway.stores.duckdb.loading import Loader, Texts
from gateway.stores.duckdb.questions import DuckDBQuestions
from gateway.stores.duckdb.reading import OpenFile
from gateway.stores.duckdb.schema import SCHEMA, connect, version_of
from gateway.stores.duckdb.snapshot import DuckDBSnapshot
from gateway.stores.duckdb.usage import Usages, of_facts, of_post
from gateway.stores.duckdb.watch import Patience
from gateway.traffic.budget import DEFAULT_BUDGET, Budget, Usage
from gateway.traffic.posts import KEY_LIFE, Post, RemovedError
from gateway.traffic.store import KeyTakenError, Slice, Stored, Wanted
from gateway.traffic.transposed import Columns


class DuckDBRecords(DuckDBQuestions):
    """Keeps records as `gateway.traffic.store.RecordStore` has it, which describes what each method does."""

    def __init__(self, connection: OpenFile) -> None:
        """Keep records in an open file of the present version."""
        super().__init__(connection)
        self._loader = Loader()
        self._usages = Usages()
        self._recount()
        self._settler = Settler()
        self._writing = threading.Lock()
        self._removed: set[int] = set()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store at a path, or begin it.

        Raises:
            StoreUnavailableError: Another process has the file open, or it can't be read.
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
            return cls(OpenFile(connection))
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        with self._writing:
            self._connection.close()

    def asked_by_people(self, seconds: float, left: threading.Event | None = None) -> DuckDBQuestions:
        return DuckDBQuestions(self._connection, Patience(seconds, left or threading.Event()))

    def check(self) -> None:
        self.value("SELECT version FROM schema_version")

    def touch(self) -> None:
        with self._writing, self._transaction() as cursor:
            # DuckDB writes nothing of an update that changes nothing.
            cursor.execute("SELECT nextval('post_id')").fetchall()

    def find(self, customer: int, key: str) -> Post | None:
        return posts.find(self.rows, customer, key)

    def posts(self, customer: int) -> Iterator[Post]:
        return posts.posts_of(self.rows, customer)

    def knows(self, customer: int, account: str) -> bool:
        return posts.knows(self.rows, customer, account)

    def usage(self, customer: int) -> Usage:
        return self._usages.of(customer)

    def stored(self) -> Stored:
        return Stored(self.value("SELECT count(*) FROM records"), self.value("SELECT count(*) FROM unsettled"))

    def customers(self) -> list[int]:
        return [number for (number,) in self.rows("SELECT DISTINCT customer FROM records ORDER BY customer", [])]

    def store(self, post: Post, columns: Columns, budget: Budget = DEFAULT_BUDGET) -> Usage:
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
                try:
                    number = posts.insert(cursor, post, columns)
                except duckdb.ConstraintException:
                    raise KeyTakenError from None
                learn = self._loader.load(cursor, number, post.customer, columns, texts, admit)
            learn()
            self._usages.add(post.customer, used)
        return used

    def refuse(self, customer: int, account: str, at: datetime, status: int, message: str) -> None:
        with self._writing, self._transaction() as cursor:
            if customer not in self._removed:
                posts.refuse(cursor, customer, account, at, status, message)

    def settle(self, now: datetime) -> bool:
        if next(self.rows("SELECT 1 FROM unsettled LIMIT 1", []), None) is None:
            return False
        with self._writing:
            with self._transaction() as cursor:
                waiting = self._settler.next(cursor, to_ms(now) // HOUR_MS)
                if waiting is None:
                    return False
                more = settle(cursor, waiting)
            self._settler.settled(waiting)
            self._loader.doubt(waiting.customer)
            self._usages.add(waiting.customer, of_facts(more))
        return True

    def merge_edges(self) -> bool:
        if not edges.anything_waits(self.rows):
            return False
        with self._writing:
            with self._transaction() as cursor:
                merged = edges.merge(cursor)
            for customer, more in merged.more.items():
                self._usages.add(customer, more)
        return not merged.is_all

    def forget_edges(self, before: date) -> int:
        with self._writing:
            with self._transaction() as cursor:
                gone = edges.forget(cursor, before)
            if gone:
                self._recount()
        return gone

    def forget_keys(self, now: datetime) -> int:
        with self._writing:
            with self._transaction() as cursor:
                gone = posts.forget(cursor, now - KEY_LIFE)
            if gone:
                self._recount()
        return gone

    def slices(self, wanted: Wanted, size: int) -> list[Slice]:
        return deleting.slices(self.rows, wanted, size)

    def delete(self, wanted: Wanted, within: Slice, *, last: bool, erased_at: datetime | None = None) -> None:
        # Numbers of texts stay as they are for as long as a record has them.
        which = deleting.part_of(self.rows, wanted, within)
        with self._deleting(last=last) as cursor:
            if erased_at is not None:
                deleting.erase(cursor, wanted.customer, which, erased_at)
            elif wanted.customer in self._removed:
                deleting.delete(cursor, which)
            else:
                deleting.delete(cursor, deleting.merged(which))

    def take_nothing_of(self, customer: int) -> None:
        with self._writing:
            self._removed.add(customer)

    def remove(self, customer: int) -> None:
        with self._deleting(last=True) as cursor:
            deleting.remove(cursor, customer)

    @contextmanager
    def paused(self) -> Iterator[None]:
        with self._writing:
            yield

    def snapshot(self) -> DuckDBSnapshot:
        with translated():
            return DuckDBSnapshot.of(self._connection)

    @contextmanager
    def _deleting(self, *, last: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Delete in one transaction, and write the log into the file proper after it.

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
            self._recount()
        # While a backup reads, DuckDB refuses; it writes the log by itself later.
        with (
            self._writing,
            translated(),
            closing(self._connection.cursor()) as cursor,
            suppress(duckdb.TransactionException),
        ):
            cursor.execute("CHECKPOINT")

    def _recount(self) -> None:
        with translated(), closing(self._connection.cursor()) as cursor:
            self._usages.recount(cursor.execute)

    @contextmanager
    def _doubting(self, customer: int) -> Iterator[None]:
        """Forget what a customer's post taught unless it is stored."""
        try:
            yield
        except BaseException:
            self._loader.doubt(customer)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Run statements in one transaction, which an exception undoes."""
        with translated(), closing(self._connection.cursor()) as cursor:
            cursor.begin()
            try:
                yield cursor
                cursor.commit()
            except BaseException:
                # After some errors DuckDB has undone it already, and says so by another.
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise
