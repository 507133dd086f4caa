"""Files that are written atomically, and that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_OWN: Final = 0o600
_TEMPORARY: Final = ".new"


def make_directory(directory: Path) -> None:
    """Create a directory that only its owner can read, unless it exists."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_whole(file: Path, data: bytes) -> None:
    """Write a file atomically, even if there is a kill or a power failure.

    Raises:
        OSError: It could not be written, and is unchanged.
    """
    temporary = file.with_name(file.name + _TEMPORARY)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), _OWN)
        try:
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, file)  # noqa: PTH105 -- beside the others of os
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(file.parent)


def remove_unfinished(directory: Path) -> None:
    """Remove files that a kill left half written."""
    for file in directory.glob("*" + _TEMPORARY):
        file.unlink(missing_ok=True)


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_directory(directory: Path) -> None:
    """Make sure that the new name survives a power failure; Windows has no such call."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
