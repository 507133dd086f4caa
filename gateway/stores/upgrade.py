"""Upgrading the files of an earlier version of the gateway.

A file is copied before its first step, and the copy is removed after the last one. Each step is one transaction, so a
file whose upgrade was interrupted is consistent, and the next start continues with the remaining steps. The copy is
there for a person: nothing here puts it in the place of a file, which may contain more by then.
"""

import os
import secrets
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import ClassVar, Final

import duckdb

from gateway.stores import accounts_schema, records_schema
from gateway.stores.copying import copy, sync_directory
from gateway.stores.counting.settling import mark_all
from gateway.stores.migrations import Schema
from gateway.stores.whole import require_whole

type Say = Callable[[str], None]
"""Receives lines of progress."""

_COPY: Final = ".before-upgrade"
_BUSY: Final = ("Could not set lock", "database is locked")
_MB: Final = 1_000_000


class UpgradeError(Exception):
    """A file can't be upgraded; the message says why, what state it is in, and what to do."""


def upgrade(data: Path, say: Say) -> None:
    """Upgrade both files of a directory, if they exist and need it.

    Args:
        data: The directory; nobody may be serving from it.
        say: Receives a line for each step.

    Raises:
        OtherVersionError: A file is newer than this version, or older than 0.1. Nothing was changed.
        UnfinishedError: A backup that is being restored is not complete. Nothing was changed.
        UpgradeError: There is too little room for the copies, or a step failed. Its file is as it was before the step.
        duckdb.Error, sqlite3.Error: A file can't be opened, such as since a gateway is serving.
    """
    require_whole(data)
    kinds: tuple[type[_File], ...] = (_Records, _Accounts)
    if not any((data / kind.name).exists() for kind in kinds):
        return
    with ExitStack() as opened:
        # The records first, even if they are empty: their lock keeps a second gateway from doing the same.
        files = [opened.enter_context(_opened(kind, data / kind.name)) for kind in kinds]
        known = [file for file in files if file.version]
        for file in known:
            file.schema.require_known(file.path, file.version)
        for file in files:
            _remove_copies(file.path)  # of an interrupted upgrade: the file itself is consistent
        behind = [file for file in known if file.version < file.schema.version]
        if behind:
            _require_room(data, behind)
        for file in behind:
            say(f"{file.name}: from version {file.version} to {file.schema.version}. This may take a while.")
            _bring_forward(file, say)
            say(f"{file.name}: done.")
        for file in known:
            _changed(file, file.finish, say)


def _bring_forward(file: "_File", say: Say) -> None:
    def steps(say: Say) -> None:
        file.copy(_copy_of(file.path), say)
        file.migrate(say)
        file.finish(say)

    _changed(file, steps, say)
    _remove_copies(file.path)


def _changed(file: "_File", change: Callable[[Say], None], say: Say) -> None:
    try:
        change(say)
    except (OSError, duckdb.Error, sqlite3.Error) as error:
        raise UpgradeError(
            f"{file.path} could not be upgraded; it is as it was before the step that failed. Make sure that its disk "
            f"is not full and that the gateway's user may write to it, then start the gateway again. {error}"
        ) from error


class _File(ABC):
    """An open file.

    Attributes:
        name: What it is called in the directory.
        logs: What the names of its logs end in.
        schema: Its versions.
        path: Where it is.
        version: The one that it has; 0 if it is empty.
    """

    name: ClassVar[str]
    logs: ClassVar[tuple[str, ...]]
    schema: ClassVar[Schema]
    version: int

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def copy(self, target: Path, say: Say) -> None:
        """Copy the file atomically."""

    @abstractmethod
    def migrate(self, say: Say) -> None:
        """Run the steps that the file needs, and leave none of them in a log that can't be replayed."""

    @abstractmethod
    def finish(self, say: Say) -> None:
        """Finish what the steps have left to do, in parts, each a transaction. If interrupted, the next start
        continues.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    @property
    def size(self) -> int:
        """Its size in bytes, including its logs."""
        parts = (self.path, *(self.path.with_name(f"{self.name}{log}") for log in self.logs))
        return sum(part.stat().st_size for part in parts if part.exists())


class _Records(_File):
    """The DuckDB file, open and locked."""

    name = "records.duckdb"
    logs = (".wal",)
    schema = records_schema.SCHEMA

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with ExitStack() as failed:
            self._connection = records_schema.connect(path)
            failed.callback(self._connection.close)
            self.version = records_schema.version_of(self._connection)
            failed.pop_all()

    def copy(self, target: Path, say: Say) -> None:
        self._connection.execute("CHECKPOINT")
        copy(self.path, target, say)

    def migrate(self, say: Say) -> None:
        self.schema.migrate(self._connection.execute, self.version, lambda told: say(f"{self.name}: {told}"))
        self._connection.execute("CHECKPOINT")

    def finish(self, say: Say) -> None:
        if mark_all(self._connection, lambda told: say(f"{self.name}: {told}")):
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        self._connection.close()


class _Accounts(_File):
    """The SQLite file, open."""

    name = "accounts.sqlite"
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

    def finish(self, say: Say) -> None:
        """Do nothing: its steps leave nothing to do."""

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _opened(kind: type[_File], path: Path) -> Iterator[_File]:
    try:
        file = kind(path)
    except (duckdb.Error, sqlite3.Error) as error:
        copy_of_before = _copy_of(path)
        if not copy_of_before.exists() or any(words in str(error) for words in _BUSY):
            raise
        raise UpgradeError(
            f"{path} can't be opened. An upgrade of it was interrupted, and {copy_of_before} is a copy from before the "
            f"upgrade. If "
            f"{path.name} is damaged, and nothing but that keeps it from being opened, put the copy in its place, move "
            f"what is beside it in {', '.join(f'{path.name}{log}' for log in kind.logs)} away, and start again. {error}"
        ) from error
    with closing(file):
        yield file


def _copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}{_COPY}")


def _remove_copies(path: Path) -> None:
    for left in path.parent.glob(f"{path.name}{_COPY}*"):
        left.unlink()


def _require_room(data: Path, files: list[_File]) -> None:
    needed = sum(file.size for file in files)
    free = shutil.disk_usage(data).free
    if needed > free:
        raise UpgradeError(
            f"Before the upgrade changes a file, it copies it, which takes {needed / _MB:,.1f} MB in {data}, but only "
            f"{free / _MB:,.1f} MB are free. Free some space, and start the gateway again; nothing was changed."
        )
