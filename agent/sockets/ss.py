"""`ss -tuanip` of iproute2: the whole table of Linux at one instant, with what the kernel counted for each connection.

It shows anybody the counters, and the process of a socket as far as privileges allow; it reads the names of processes,
never their command lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from agent.flows.addresses import WILDCARD
from agent.flows.table import Counters, Socket
from agent.sockets.fields import ANY, Damaged, Parsed, endpoint, tcp_socket, udp_socket
from agent.text import printable

COMMAND: Final = ("ss", "-tuanip")
_PROTOCOLS: Final = ("tcp", "udp")
_DIGITS_MAX: Final = 18
_FIELDS: Final = 6
_NAME_BEGIN, _NAME_END = '(("', '",pid='
_NAME_MAX: Final = 200


def parse(lines: Iterable[str]) -> Parsed:
    """Parse its output: a line for each socket, and after those of TCP an indented line with all the rest.

    A process may have a line break in its name. That hides neither what comes before it nor the counters.
    """
    sockets: list[Socket] = []
    damaged = 0
    last: Socket | None = None
    for line in lines:
        if not line.startswith(_PROTOCOLS):
            if last is not None and last.remote is not None and line[:1].isspace() and _NAME_END not in line:
                protocol, local, remote, state, process, _, both = last
                sockets[-1] = Socket(protocol, local, remote, state, process, _counters(line), both)
            continue
        try:
            last = _socket(line)
        except Damaged:
            last = None
            damaged += 1
        if last is not None:
            sockets.append(last)
    return Parsed(tuple(sockets), damaged)


def _socket(line: str) -> Socket | None:
    fields = line.split(None, _FIELDS)
    if fields[0] not in _PROTOCOLS:
        return None
    if len(fields) < _FIELDS:
        raise Damaged
    # A listener of both families is shown as `*`, one of IPv6 alone as `[::]`.
    both = fields[4].startswith(ANY)
    local, remote = endpoint(fields[4], ":", WILDCARD[1]), endpoint(fields[5], ":", WILDCARD[1])
    process = _process(fields[_FIELDS]) if len(fields) > _FIELDS else None
    if fields[0] == "udp":
        return udp_socket(local, remote, process, both=both)
    return tcp_socket(local, remote, fields[1].replace("-", "_"), process, both=both)


def _process(users: str) -> str | None:
    """Return the first of the processes that hold a socket."""
    begin = users.find(_NAME_BEGIN)
    if begin < 0:
        return None
    name, _, _ = users[begin + len(_NAME_BEGIN) :].partition(_NAME_END)
    return _clean(name)


@lru_cache(maxsize=4096)
def _clean(name: str) -> str | None:
    return printable(name, _NAME_MAX).strip() or None


def _counters(line: str) -> Counters | None:
    """Return the counters of a line; None if its kernel has none.

    What is zero is left out. `bytes_sent`, which includes retransmissions, is newer than `bytes_acked`; a kernel that
    counts packets has counted one in each direction before a connection is established.
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
    """Return the number after a name. This avoids regular expressions, which take a while for ten thousand lines."""
    begin = line.find(name)
    if begin < 0:
        return None
    begin += len(name)
    end = line.find(" ", begin)
    digits = line[begin : end if end >= 0 else None].rstrip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX else None
