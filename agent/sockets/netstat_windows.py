"""`netstat -ano` of Windows, where psutil can't read the table. Its output is in the system's language; this reads
English.
"""

from __future__ import annotations

from typing import Final

from agent.flows.addresses import WILDCARD
from agent.flows.table import Socket
from agent.sockets.fields import Damaged, Parsed, endpoint, require_heading, tcp_socket, udp_socket

COMMAND: Final = ("netstat", "-ano")
_TCP_FIELDS, _UDP_FIELDS = 5, 4


def parse(text: str) -> Parsed:
    """Parse its output.

    Raises:
        TableUnreadable: That is not a table.
    """
    require_heading(text, "Proto")
    sockets, damaged = [], 0
    for line in text.splitlines():
        fields = line.split()
        if not fields or fields[0] not in ("TCP", "UDP"):
            continue
        try:
            socket = _socket(fields)
        except Damaged:
            damaged += 1
        else:
            sockets += [socket] if socket else []
    return Parsed(tuple(sockets), damaged)


def _socket(fields: list[str]) -> Socket | None:
    is_tcp = fields[0] == "TCP"
    if len(fields) != (_TCP_FIELDS if is_tcp else _UDP_FIELDS):
        raise Damaged
    wildcard = WILDCARD[1] if fields[1].startswith("[") else WILDCARD[0]
    here, there = (endpoint(text, ":", wildcard) for text in fields[1:3])
    # A listener of IPv6 takes IPv4 only if it asked to; Windows then lists it under IPv4 as well.
    return tcp_socket(here, there, fields[3], both=False) if is_tcp else udp_socket(here, there, both=False)
