"""Upgrading the files of an earlier version of the gateway.

A file is copied before its first step, and the copy is removed after the last one. Each step is one transaction, so a
file whose upgrade was interrupted is consistent, and the next start continues with the remaining steps. The copy is
there for a person: nothing here puts it in the place of a file, which may contain more by then.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from gateway.stores.accounts_file import AccountsFile
from gateway.stores.duckdb.errors import is_locked
from gateway.stores.duckdb.file import RecordsFile
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.files import Say, StoreFile
from gateway.stores.whole import require_whole

_COPY: Final = ".before-upgrade"
_BUSY: Final = "database is locked"
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
        StoreUnavailableError, sqlite3.Error: A file can't be opened, such as since a gateway is serving.
    """
    require_whole(data)
    kinds: tuple[type[StoreFile], ...] = (RecordsFile, AccountsFile)
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


def _bring_forward(file: StoreFile, say: Say) -> None:
    def steps(say: Say) -> None:
        file.copy(_copy_of(file.path), say)
        file.migrate(say)
        file.finish(say)

    _changed(file, steps, say)
    _remove_copies(file.path)


def _changed(file: StoreFile, change: Callable[[Say], None], say: Say) -> None:
    try:
        change(say)
    except (OSError, *STORAGE_ERRORS) as error:
        raise UpgradeError(
            f"{file.path} could not be upgraded; it is as it was before the step that failed. Make sure that its disk "
            f"is not full and that the gateway's user may write to it, then start the gateway again. {error}"
        ) from error


@contextmanager
def _opened(kind: type[StoreFile], path: Path) -> Iterator[StoreFile]:
    try:
        file = kind(path)
    except STORAGE_ERRORS as error:
        copy_of_before = _copy_of(path)
        if not copy_of_before.exists() or is_locked(error) or _BUSY in str(error):
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


def _require_room(data: Path, files: list[StoreFile]) -> None:
    needed = sum(file.size for file in files)
    free = shutil.disk_usage(data).free
    if needed > free:
        raise UpgradeError(
            f"Before the upgrade changes a file, it copies it, which takes {needed / _MB:,.1f} MB in {data}, but only "
            f"{free / _MB:,.1f} MB are free. Free some space, and start the gateway again; nothing was changed."
        )
