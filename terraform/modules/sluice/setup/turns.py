"""Deployments run one after another, though Terraform starts them at once.

This way code that does not start is noticed at the first function app, and the package is built once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from speaking import Failed

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        while True:
            os.lseek(file, 0, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(1)
            else:
                return

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


@contextlib.contextmanager
def taking_turns() -> Iterator[None]:
    """Keep others from deploying from this folder for as long as the block lasts; one that dies loses its turn."""
    data = Path(os.environ.get("TF_DATA_DIR") or ".terraform")
    folder = data if data.is_dir() else Path(tempfile.gettempdir())
    try:
        file = (folder / "sluice-deployment.lock").open("a+b")
    except OSError as error:
        raise Failed(f"{folder} can't be written to ({error.strerror}). Make it writable, then apply again.") from error
    with file:
        _lock(file.fileno())
        yield
