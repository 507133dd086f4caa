"""Snapshots: both files as of one moment, copied while others continue to write."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.clock import Clock
from gateway.stores.stores import Stores
from gateway.traffic import store

type Say = Callable[[str], None]
"""Receives lines of progress."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files as of one moment, until they are closed.

    Attributes:
        moment: The time. It includes every post that was acknowledged before, and none that was accepted later.
        accounts: The SQLite file.
        records: The flow records.
    """

    moment: datetime
    accounts: sqlite3.Connection
    records: store.Snapshot

    def copy_accounts(self, target: Path) -> None:
        """Copy the accounts into a new file, and end their snapshot: while it is open, no log can be emptied.

        Sessions and the key of auth tokens are left out: otherwise, anybody with a backup could sign in as anyone.

        Raises:
            sqlite3.Error: It can't be written.
        """
        with closing(sqlite3.connect(target, autocommit=True)) as written:
            self.accounts.backup(written)
            self.accounts.close()
            written.execute("PRAGMA secure_delete = ON")
            written.execute("DELETE FROM sessions")
            written.execute("UPDATE signing_key SET key = ?", (secrets.token_bytes(32),))
            written.execute("VACUUM")

    def copy_records(self, target: Path, say: Say) -> int:
        """Copy the records into a new file, which ends their snapshot; return how many there are.

        Raises:
            StoreUnavailableError: It can't be written. The file that it is copied from goes on.
        """
        return self.records.copy(target, say)


@contextmanager
def snapshot(stores: Stores, clock: Clock) -> Iterator[Snapshot]:
    """Yield both files as they are now. Nobody can write to either while they are opened, which takes milliseconds."""
    with ExitStack() as opened:
        # The accounts first: whatever writes to both does so within a transaction there.
        with stores.database.paused(), stores.records.paused():
            accounts = opened.enter_context(closing(stores.database.snapshot()))
            records = opened.enter_context(closing(stores.records.snapshot()))
            moment = clock()
        yield Snapshot(moment, accounts, records)
