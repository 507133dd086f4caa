"""Running the system's own programs: fixed arguments, no shell, in nobody's language, and not for ever."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from agent.errors import TableUnreadable

_TIMEOUT_SECONDS: Final = 20
# Never the caller's own: the agent may have more rights than whoever set that.
_UNIX_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin"


def find(program: str) -> str | None:
    """Return where a program of the system is, or None."""
    return shutil.which(program, path=_path())


def output_of(command: Sequence[str], timeout: float = _TIMEOUT_SECONDS) -> str:
    """Return what a program of the system prints.

    Raises:
        TableUnreadable: it is missing, fails, or takes too long.
    """
    program = find(command[0])
    if program is None:
        message = f"{command[0]} is not installed."
        raise TableUnreadable(message)
    try:
        done = subprocess.run(  # noqa: S603 -- no argument comes from outside
            [program, *command[1:]],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=True,
        )
    except subprocess.TimeoutExpired:
        message = f"{command[0]} took longer than {timeout:g} seconds."
        raise TableUnreadable(message) from None
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"{command[0]} failed: {error}."
        raise TableUnreadable(message) from error
    return done.stdout.decode("utf-8", "replace")


def _path() -> str:
    if sys.platform == "win32":
        return os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32")  # noqa: PTH118 -- for PATH
    return _UNIX_PATH


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows starts nothing without
    return {**kept, "PATH": _path(), "LC_ALL": "C"}
