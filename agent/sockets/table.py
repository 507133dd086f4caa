"""The machine's connection table, read in the best way that its system allows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from agent.errors import TableUnreadable
from agent.flows.table import DEFAULT_EPHEMERAL, PortRange, Snapshot
from agent.sockets import by_psutil, netstat_bsd, netstat_linux, netstat_solaris, netstat_windows, ss
from agent.sockets.commands import find, lines_of, output_of
from agent.sockets.fields import Parsed

_Reader = Callable[[], Parsed]
_RANGE_OF_LINUX: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_RANGES: Final[Mapping[str, PortRange]] = {
    "linux": PortRange(32_768, 60_999),
    "sunos": PortRange(32_768, 65_535),
    "aix": PortRange(32_768, 65_535),
}


def _netstat(command: Sequence[str], parse: Callable[[str], Parsed]) -> _Reader:
    return lambda: parse(output_of(command))


_READERS: Final[Mapping[str, Sequence[_Reader]]] = {
    "linux": (
        lambda: ss.parse(lines_of(ss.COMMAND)),
        by_psutil.read,
        _netstat(netstat_linux.COMMAND, netstat_linux.parse),
    ),
    "win32": (by_psutil.read, _netstat(netstat_windows.COMMAND, netstat_windows.parse)),
    "darwin": (_netstat(netstat_bsd.COMMAND, netstat_bsd.parse),),
    "freebsd": (_netstat(netstat_bsd.COMMAND, netstat_bsd.parse),),
    "sunos": (_netstat(netstat_solaris.COMMAND, netstat_solaris.parse),),
    "aix": (_netstat(netstat_bsd.COMMAND_AIX, netstat_bsd.parse_aix),),
}
"""The ways to try on each system, in order.

On Linux psutil sees as much as `ss`, but not the kernel's counters, and reading the table twice to combine both takes
twice as long. Elsewhere psutil reads the table only for root.
"""


def read_snapshot(time_ms: int, platform: str = sys.platform) -> Snapshot:
    """Read the connection table.

    Args:
        time_ms: The current time, in epoch milliseconds.
        platform: Python's name of the system.

    Raises:
        TableUnreadable: None of the ways could read it.
    """
    parsed = _first_that_works(_READERS.get(_system(platform), ()), platform)
    return Snapshot(time_ms, parsed.sockets, parsed.damaged)


def counts_bytes() -> bool:
    """Return whether there is a program that shows the kernel's counters."""
    return find(ss.COMMAND[0]) is not None


def ephemeral_ports(platform: str = sys.platform, file: Path = _RANGE_OF_LINUX) -> PortRange:
    """Return the ports that this system assigns to the initiator of a connection."""
    usual = _RANGES.get(_system(platform), DEFAULT_EPHEMERAL)
    if _system(platform) != "linux":
        return usual
    try:
        first, last = map(int, file.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return usual
    return PortRange(first, last)


def _system(platform: str) -> str:
    return platform.rstrip("0123456789") if platform != "win32" else platform


def _first_that_works(readers: Sequence[_Reader], platform: str) -> Parsed:
    reasons = []
    for read in readers:
        try:
            return read()
        except TableUnreadable as error:  # noqa: PERF203 -- three at most
            reasons.append(str(error))
    raise TableUnreadable(" ".join(reasons) or f"The agent can't read the connection table of {platform}.")
