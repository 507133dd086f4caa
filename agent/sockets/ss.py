"""`ss -tin` of iproute2: what the kernel counted for each TCP connection, which it tells anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from agent.flows.table import Counters, Endpoint
from agent.sockets.fields import ANY, Damaged, endpoint

COMMAND: Final = ("ss", "-tin")
_COUNTER: Final = re.compile(r"(?<=\s)(bytes_sent|bytes_acked|bytes_received|segs_out|segs_in):([0-9]{1,18})(?=\s|$)")
_LEAST_FIELDS: Final = 5
_HEADING: Final = "State"


class Counted(NamedTuple):
    """What was understood of the output.

    Attributes:
        counters: by the local and the remote endpoint.
        damaged: how many lines could not be understood.
    """

    counters: dict[tuple[Endpoint, Endpoint], Counters]
    damaged: int


def parse(lines: Iterable[str]) -> Counted:
    """Understand what it printed: a line with the two ends of each connection, then an indented one with the rest."""
    counters: dict[tuple[Endpoint, Endpoint], Counters] = {}
    damaged = 0
    ends: tuple[Endpoint, Endpoint] | None = None
    for line in lines:
        if line[:1].isspace():
            counted = _counters(line)
            if ends and counted:
                counters[ends] = counted
            ends = None
            continue
        try:
            ends = _ends(line)
        except Damaged:
            ends = None
            damaged += 1
    return Counted(counters, damaged)


def _ends(line: str) -> tuple[Endpoint, Endpoint] | None:
    fields = line.split(None, _LEAST_FIELDS)
    if not fields or fields[0] == _HEADING:
        return None
    if len(fields) < _LEAST_FIELDS:
        raise Damaged
    local, remote = endpoint(fields[3], ":", ANY), endpoint(fields[4], ":", ANY)
    return (local, remote) if local and remote else None


def _counters(line: str) -> Counters | None:
    """Return the counters of a line; None if its kernel has none.

    What is zero is left out. `bytes_sent`, with what was sent again, is younger than `bytes_acked`; a kernel that
    counts packets has counted one each way before a connection stands.
    """
    found = {match[1]: int(match[2]) for match in _COUNTER.finditer(line)}
    if not found:
        return None
    counts_packets = "segs_out" in found or "segs_in" in found
    return Counters(
        bytes_sent=found.get("bytes_sent", found.get("bytes_acked", 0)),
        bytes_received=found.get("bytes_received", 0),
        packets_sent=found.get("segs_out", 0) if counts_packets else None,
        packets_received=found.get("segs_in", 0) if counts_packets else None,
    )
