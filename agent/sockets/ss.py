"""`ss -tin` of iproute2: what the kernel counted for each TCP connection, which it tells anybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from agent.flows.table import Counters, Endpoint
from agent.sockets.fields import ANY, Damaged, endpoint

COMMAND: Final = ("ss", "-tin")
_DIGITS_MAX: Final = 18
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
    bytes_sent = _number(line, " bytes_sent:")
    bytes_acked = _number(line, " bytes_acked:") if bytes_sent is None else None
    bytes_received = _number(line, " bytes_received:")
    packets_sent, packets_received = _number(line, " segs_out:"), _number(line, " segs_in:")
    if bytes_sent is bytes_acked is bytes_received is packets_sent is packets_received is None:
        return None
    counts_packets = packets_sent is not None or packets_received is not None
    return Counters(
        bytes_sent=bytes_sent or bytes_acked or 0,
        bytes_received=bytes_received or 0,
        packets_sent=(packets_sent or 0) if counts_packets else None,
        packets_received=(packets_received or 0) if counts_packets else None,
    )


def _number(line: str, name: str) -> int | None:
    """Return the number after a name. By hand, as ten thousand lines take a regular expression a while."""
    begin = line.find(name)
    if begin < 0:
        return None
    begin += len(name)
    end = line.find(" ", begin)
    digits = line[begin : end if end >= 0 else None].rstrip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX else None
