"""The SQLite file of everything but the records, with one connection that the gateway's stores share."""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from gateway.stores.accounts_schema import SCHEMA, connect, version_of


class Database:
    """The file. Every method may be called from any thread, and blocks: call none on an event loop.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        # Held by the thread that is in a transaction, whose own statements can continue.
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file at a path, or create it; several processes may have it open.

        Raises:
            OtherVersionError: The file was written by another version of the gateway.
        """
        connection = connect(path)
        try:
            version = version_of(connection)
            if not version:
                connection.execute("BEGIN IMMEDIATE")
                # Again, because another process may just have created the file.
                version = version_of(connection)
                if not version:
                    SCHEMA.create(connection.execute)
                    connection.execute("INSERT INTO signing_key VALUES (1, ?)", (secrets.token_bytes(32),))
                    version = SCHEMA.version
                connection.execute("COMMIT")
            SCHEMA.require_current(path, version)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def check(self) -> None:
        """Make sure that the file answers.

        Raises:
            sqlite3.Error: It does not.
        """
        self.run("SELECT key FROM signing_key")

    def touch(self) -> None:
        """Write durably, without changing anything.

        Raises:
            sqlite3.Error: The file cannot be written.
        """
        self.run("UPDATE signing_key SET only_one = only_one")

    def run(self, statement: str, *parameters: object) -> list[Any]:
        """Run one statement, which is its own transaction outside `transaction`, and return its rows."""
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    def compact(self) -> None:
        """Rewrite the file, so that nothing deleted is left in it."""
        self.run("VACUUM")
        self.empty_log()

    def empty_log(self) -> bool:
        """Write the log into the main file, so that nothing deleted is left in the log; return whether that was done.

        It does not wait for readers that prevent it, such as a backup.
        """
        with self._lock:
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                ((busy, *_),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._connection.execute("PRAGMA busy_timeout = 10000")
        return not busy

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Make all other threads wait for the file until the context ends."""
        with self._lock:
            yield

    def snapshot(self) -> sqlite3.Connection:
        """Return a separate connection, to be closed by the caller, that sees the file as it is now whatever is written
        later.
        """
        connection = connect(self.path)
        try:
            connection.execute("BEGIN")
            # SQLite chooses what a transaction sees at its first read.
            connection.execute("SELECT key FROM signing_key").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run all statements of the context, in whichever store, in one transaction."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
