"""What a process that runs holds in memory at most."""

import re
from pathlib import Path


def peak_of(pid: int) -> int:
    """Return the most resident memory that a process had so far, in bytes."""
    return _bytes(pid, "VmHWM")


def resident_of(pid: int) -> int:
    """Return the resident memory that a process has now, in bytes."""
    return _bytes(pid, "VmRSS")


def forget_peak(pid: int) -> None:
    """Let the most that a process had so far be what it has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _bytes(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise RuntimeError("This needs Linux: it reads /proc.")
    return int(found[1]) * 1024
