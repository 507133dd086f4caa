"""Both files as they were at one moment, copied while others go on writing."""

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
"""Tells whoever waits for the copy how far it is."""

_ROWS: Final = 500_000
"""How many rows are copied between two lines of progress: a part of a second."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files as they were at one moment, for as long as they are not closed.

    Attributes:
        moment: When. Every post that was acknowledged before it is there, and none that was accepted after it.
        accounts: The SQLite file.
        records: The DuckDB file.

    """

    moment: datetime
    accounts: sqlite3.Connection
    records: duckdb.DuckDBPyConnection

    def copy_accounts(self, target: Path) -> None:
        """Copy the accounts into a new file, which ends their snapshot: while it is open, no log can be emptied.

        What signs people in is left out, sessions and the key of auth tokens: else whoever has a backup is everybody.

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
        """Copy everything in the DuckDB file into a new one, which ends the snapshot; return how many records.

        The engine's own statement copies all at once, and tells nobody how far it is; so it makes the tables here, and
        their rows follow in parts. All of it is one transaction: DuckDB writes large parts to the new file at once, and
        keeps none of them in memory.

        Raises:
            duckdb.Error: It can't be written. The file that it is copied from goes on.

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
    """Yield both files as they are now. Nobody writes to either meanwhile, which takes milliseconds."""
    with ExitStack() as opened:
        # The accounts first: whoever writes to both does it within a transaction there.
        with stores.database.paused(), stores.records.paused():
            accounts = opened.enter_context(closing(stores.database.snapshot()))
            records = opened.enter_context(closing(stores.records.snapshot()))
            moment = clock()
        yield Snapshot(moment, accounts, records)


def _value(cursor: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - what SQL says
    """Return the one value of a statement that has one."""
    ((value,),) = cursor.fetchall()
    return value
