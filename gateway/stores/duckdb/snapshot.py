"""The records as they were at one moment, copied while others go on writing."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from gateway.stores.duckdb.errors import translated
from gateway.stores.duckdb.reading import OpenFile

type Say = Callable[[str], None]
"""Tells whoever waits for the copy how far it is."""

_ROWS: Final = 500_000
"""How many rows are copied between two lines of progress: a part of a second."""


class DuckDBSnapshot:
    """A snapshot as `gateway.traffic.store.Snapshot` has it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    @classmethod
    def of(cls, file: OpenFile) -> Self:
        """Begin a snapshot of what an open file holds now."""
        cursor = file.cursor()
        try:
            cursor.begin()
            # DuckDB chooses what a transaction sees at its first read.
            cursor.execute("SELECT version FROM schema_version").fetchone()
        except BaseException:
            cursor.close()
            raise
        return cls(cursor)

    def close(self) -> None:
        self._cursor.close()

    def copy(self, target: Path, say: Say) -> int:
        """Copy everything into a new file, which ends the snapshot; return how many records.

        The engine's own statement copies all at once, and tells nobody how far it is; so it makes the tables here, and
        their rows follow in parts. All of it is one transaction: DuckDB writes large parts to the new file at once, and
        keeps none of them in memory.

        Raises:
            StoreUnavailableError: It can't be written. The file that it is copied from goes on.
        """
        # All cursors see it while it is attached, and there may be a second backup.
        new = f"backup_{secrets.token_hex(8)}"
        run = self._cursor.execute
        with translated():
            run(f"ATTACH '{str(target).replace("'", "''")}' AS {new}")
            run(f"COPY FROM DATABASE {_value(run('SELECT current_database()'))} TO {new} (SCHEMA)")
            tables = run(f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{new}'").fetchall()  # noqa: S608 - ours
            counts = {table: self._copy_rows(table, new, say) for (table,) in tables}
            self._cursor.commit()
            run(f"DETACH {new}")
        return counts["records"]

    def _copy_rows(self, table: str, new: str, say: Say) -> int:
        run = self._cursor.execute
        ((count, end),) = run(f"SELECT count(*), coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()  # noqa: S608 - ours
        done = 0
        for first in range(0, end, _ROWS):
            part = f"FROM {table} WHERE rowid >= {first} AND rowid < {first + _ROWS}"
            done += _value(run(f"INSERT INTO {new}.{table} SELECT * {part}"))
            say(f"{table}: {done:,} of {count:,}")
        return int(count)


def _value(cursor: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - what SQL says
    """Return the one value of a statement that has one."""
    ((value,),) = cursor.fetchall()
    return value
