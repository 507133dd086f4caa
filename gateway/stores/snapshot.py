"""Snapshots: both files as of one moment, copied while others continue to write."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from gateway.clock import Clock
from gateway.stores.stores import Stores

type Say = Callable[[str], None]
"""Receives lines of progress."""

_ROWS: Final = 500_000
"""How many rows are copied between two lines of progress: a fraction of a second."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files as of one moment, until they are closed.

    Attributes:
        moment: The time. It includes every post that was acknowledged before, and none that was accepted later.
        accounts: The SQLite file.
        records: The DuckDB file.
    """

    moment: datetime
    accounts: sqlite3.Connection
    records: duckdb.DuckDBPyConnection

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
        """Copy everything in the DuckDB file into a new one, and end the snapshot; return the number of records.

        DuckDB's own statement copies everything at once without reporting progress, so it only creates the tables here,
        and their rows are copied in parts. All of it is one transaction: DuckDB writes large parts to the new file
        immediately, and keeps none of them in memory.

        Raises:
            duckdb.Error: It can't be written. The original file is not affected.
        """
        # All cursors see it while it is attached, and there may be a second backup.
        new = f"backup_{secrets.token_hex(8)}"
        run = self.records.execute
        run(f"ATTACH '{str(target).replace("'", "''")}' AS {new}")
        run(f"COPY FROM DATABASE {_value(run('SELECT current_database()'))} TO {new} (SCHEMA)")
        tables = run(f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{new}'").fetchall()  # noqa: S608 - ours
        counts = {table: self._copy_rows(table, new, say) for (table,) in tables}
        self.records.commit()
        run(f"DETACH {new}")
        return counts["records"]

    def _copy_rows(self, table: str, new: str, say: Say) -> int:
        run = self.records.execute
        ((count, end),) = run(f"SELECT count(*), coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()  # noqa: S608 - ours
        done = 0
        for first in range(0, end, _ROWS):
            part = f"FROM {table} WHERE rowid >= {first} AND rowid < {first + _ROWS}"
            done += _value(run(f"INSERT INTO {new}.{table} SELECT * {part}"))
            say(f"{table}: {done:,} of {count:,}")
        return int(count)


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


def _value(cursor: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - what SQL says
    """Return the single value of a statement."""
    ((value,),) = cursor.fetchall()
    return value
