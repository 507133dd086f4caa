"""The SQLite file, open to be brought forward."""

import os
import secrets
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from gateway.stores import accounts_schema
from gateway.stores.copying import sync_directory
from gateway.stores.files import ACCOUNTS, Say, StoreFile


class AccountsFile(StoreFile):
    """The SQLite file."""

    name = ACCOUNTS
    logs = ("-wal", "-shm")
    schema = accounts_schema.SCHEMA

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with ExitStack() as failed:
            self._connection = accounts_schema.connect(path)
            failed.callback(self._connection.close)
            self.version = accounts_schema.version_of(self._connection)
            failed.pop_all()

    def copy(self, target: Path, say: Say) -> None:  # noqa: ARG002 - it is small
        unfinished = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(unfinished)) as written:
            written.execute("PRAGMA synchronous = FULL")
            self._connection.backup(written)
        unfinished.replace(target)
        sync_directory(target.parent)

    def migrate(self, say: Say) -> None:
        self.schema.migrate(self._connection.execute, self.version, lambda told: say(f"{self.name}: {told}"))

    def finish(self, say: Say) -> None:  # noqa: ARG002 - it takes no time
        accounts_schema.name_registrations(self._connection)

    def close(self) -> None:
        self._connection.close()
