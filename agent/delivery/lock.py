"""One agent per state directory: two would report everything twice, under different keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from agent.errors import SettingError


def lock(directory: Path) -> IO[bytes]:
    """Keep other agents out of a state directory while the returned file is open and this process lives.

    Raises:
        SettingError: Another agent has it.
        OSError: The file can't be opened.
    """
    file = (directory / "lock").open("ab")
    try:
        _lock(file)
    except OSError as error:
        file.close()
        message = f"Another agent is using the state directory {directory}."
        raise SettingError(message) from error
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
