"""DuckDB's errors, named by what they mean to whoever asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from gateway.traffic.store import StoreUnavailableError, TooSlowError

_LOCKED: Final = "Could not set lock"


@contextmanager
def translated() -> Iterator[None]:
    """Turn what DuckDB raises into errors of the protocol.

    Raises:
        TooSlowError: A query was stopped.
        StoreUnavailableError: Anything else.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise TooSlowError("The query took too long, or nobody is waiting for it any more.") from None
    except duckdb.Error as error:
        raise StoreUnavailableError(f"The records can't be used. {error}") from error


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn what DuckDB raises while a file is opened into an error that says what to do.

    Raises:
        StoreUnavailableError: Another process has it open, or it can't be read.
    """
    try:
        yield
    except duckdb.Error as error:
        raise StoreUnavailableError(_unreadable(path, error)) from error


def is_locked(error: BaseException) -> bool:
    """Return whether another process has the file open: DuckDB tells that from all else by its words alone."""
    return _LOCKED in str(error)


def _unreadable(path: Path, error: duckdb.Error) -> str:
    if is_locked(error):
        return f"The records in {path.parent} cannot be opened. Is another gateway serving from that directory? {error}"
    return (
        f"{path} cannot be opened. Check that its disk is not full and that this user may read and write it; otherwise "
        f"it is damaged: restore it from a backup. {error}"
    )
