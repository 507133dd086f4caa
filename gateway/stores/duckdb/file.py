"""The DuckDB file, open and locked: to be brought forward, or to see what a backup holds."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

from gateway.stores.copying import copy
from gateway.stores.duckdb import schema
from gateway.stores.duckdb.counting.settling import mark_all
from gateway.stores.duckdb.errors import translated
from gateway.stores.files import RECORDS, Say, StoreFile
from gateway.traffic.delivered import Delivered

_SILENT: Final = timedelta(days=1)
"""A NIC that delivered nothing for this long, while others of its account did, is gone."""
_NEWEST: Final = """
    WITH nics AS (
        SELECT customer, account, max(newest) AS newest, max(accepted_at) AS accepted
        FROM posts WHERE account IS NOT NULL
        GROUP BY customer, account, regexp_replace(log, '/y=[0-9]+/m=[0-9]+/d=[0-9]+/h=[0-9]+/m=[0-9]+', '')
    ), latest AS (
        SELECT *, max(accepted) OVER (PARTITION BY customer, account) AS last FROM nics
    )
    SELECT customer, account, coalesce(min(newest), min(accepted)) FROM latest
    WHERE accepted >= last - ? GROUP BY customer, account ORDER BY customer, account
"""


class RecordsFile(StoreFile):
    """The DuckDB file."""

    name = RECORDS
    logs = (".wal",)
    schema = schema.SCHEMA

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with ExitStack() as failed:
            self._connection = schema.connect(path)
            failed.callback(self._connection.close)
            with translated():
                self.version = schema.version_of(self._connection)
            failed.pop_all()

    def copy(self, target: Path, say: Say) -> None:
        with translated():
            self._connection.execute("CHECKPOINT")
        copy(self.path, target, say)

    def migrate(self, say: Say) -> None:
        with translated():
            self.schema.migrate(self._connection.execute, self.version, lambda told: say(f"{self.name}: {told}"))
            self._connection.execute("CHECKPOINT")

    def finish(self, say: Say) -> None:
        with translated():
            if mark_all(self._connection, lambda told: say(f"{self.name}: {told}")):
                self._connection.execute("CHECKPOINT")

    def delivered(self) -> Delivered:
        """Return what had been delivered; the file may have any version."""
        with translated():
            newest = self._connection.execute(_NEWEST, [_SILENT // timedelta(milliseconds=1)]).fetchall()
            refused = self._connection.execute("SELECT customer, account FROM refusals").fetchall()
        return Delivered({(customer, account): time for customer, account, time in newest}, set(refused))

    def close(self) -> None:
        self._connection.close()
