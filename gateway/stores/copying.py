"""Copies a file that this process has open: `python -m gateway.stores.copying FROM TO`.

It is a separate process, since closing a file releases all locks that its process has on it (POSIX), and the lock on
the records must be kept until the copy is complete.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

_CHUNK: Final = 64 * 1024 * 1024
_CHECKOUT: Final = Path(__file__).resolve().parents[2]


def copy(source: Path, target: Path, say: Callable[[str], None]) -> None:
    """Copy a file that nobody is writing to, durably and atomically.

    Args:
        source: The file.
        target: The copy; an existing file is replaced.
        say: Receives a line of progress for each part of a long copy.

    Raises:
        OSError: The copy could not be written, such as on a full disk; nothing of it is left.
    """
    # With a unique name: the process of an interrupted upgrade may still be writing to its own.
    unfinished = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
    command = [sys.executable, "-m", "gateway.stores.copying", str(source.resolve()), str(unfinished.resolve())]
    try:
        with subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=_CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None  # noqa: S101 - pipes, as asked
            assert process.stderr is not None  # noqa: S101
            for line in process.stdout:
                say(f"copying {source.name}: {line.strip()}")
            complained = process.stderr.read()
        if process.returncode:
            raise OSError(f"{source} could not be copied: {complained.strip()}")
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def sync_directory(directory: Path) -> None:
    """Make names in a directory safe from a power failure."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    size = source.stat().st_size
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as read, os.fdopen(descriptor, "wb") as written:
        while chunk := read.read(_CHUNK):
            written.write(chunk)
            if written.tell() < size:
                sys.stdout.write(f"{100 * written.tell() // size} %\n")
                sys.stdout.flush()
        written.flush()
        os.fsync(written.fileno())


if __name__ == "__main__":
    try:
        _copy(Path(sys.argv[1]), Path(sys.argv[2]))
    except OSError as error:
        sys.exit(str(error))
