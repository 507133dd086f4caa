"""Running the system's own programs: with fixed arguments, without a shell, in the C locale, and with a time limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agent.errors import TableUnreadable

_TIMEOUT_SECONDS: Final = 20
# Never the caller's own: the agent may have more privileges than the user who set it.
_UNIX_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin"


def find(program: str) -> str | None:
    """Return the path of a system program, or None."""
    return shutil.which(program, path=_path())


def output_of(command: Sequence[str], timeout: float = _TIMEOUT_SECONDS) -> str:
    """Return the output of a system program.

    Raises:
        TableUnreadable: It is missing, fails, or takes too long.
    """
    return "".join(lines_of(command, timeout))


def lines_of(command: Sequence[str], timeout: float = _TIMEOUT_SECONDS) -> Iterator[str]:
    """Yield the output of a system program line by line, as it may be long.

    Raises:
        TableUnreadable: It is missing, fails, or takes too long; perhaps after some lines.
    """
    program = find(command[0])
    if program is None:
        message = f"{command[0]} is not installed."
        raise TableUnreadable(message)
    late = threading.Event()
    try:
        process = subprocess.Popen(  # noqa: S603 -- no argument comes from outside
            [program, *command[1:]],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        message = f"{command[0]} can't be started: {error}."
        raise TableUnreadable(message) from error

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.start()
    try:
        with process:
            yield from process.stdout or ()
    finally:
        timer.cancel()
    if late.is_set():
        message = f"{command[0]} took longer than {timeout:g} seconds."
        raise TableUnreadable(message)
    if process.returncode:
        message = f"{command[0]} failed with exit status {process.returncode}."
        raise TableUnreadable(message)


def _path() -> str:
    if sys.platform == "win32":
        return os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")  # noqa: PTH118 -- for PATH
    return _UNIX_PATH


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows starts nothing without
    return {**kept, "PATH": _path(), "LC_ALL": "C"}
