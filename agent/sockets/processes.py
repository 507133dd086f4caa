"""The names of processes. Command lines are never read: they may carry passwords."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from agent.text import printable

_LONGEST: Final = 200


def name_of(pid: int) -> str | None:
    """Return a process's name; None if it is gone or can't be seen.

    On Linux that is the kernel's name, of at most 15 characters: psutil would complete it from the command line.
    """
    if sys.platform == "win32":
        return _clean(_name_on_windows(pid))
    try:
        return _clean(Path(f"/proc/{pid}/comm").read_bytes().decode("utf-8", "replace"))
    except OSError:
        return None


def _name_on_windows(pid: int) -> str:
    import psutil  # noqa: PLC0415 -- not needed on other systems

    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""


def _clean(name: str) -> str | None:
    """Return the printable part of a name, which a process may choose itself."""
    return printable(name, _LONGEST).strip() or None
