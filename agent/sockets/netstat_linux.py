"""`netstat -tunaW` of net-tools, where psutil can't read the table."""

from __future__ import annotations

from typing import Final

from agent.flows.addresses import WILDCARD
from agent.flows.table import Socket
from agent.sockets.fields import Damaged, Parsed, endpoint, require_heading, tcp_socket, udp_socket

# Without -W addresses are cut off. With -p it would read command lines.
COMMAND: Final = ("netstat", "-tunaW")
_WILDCARDS: Final = {"tcp": WILDCARD[0], "tcp6": WILDCARD[1], "udp": WILDCARD[0], "udp6": WILDCARD[1]}
_WITHOUT_STATE, _WITH_STATE = 5, 6


def parse(text: str) -> Parsed:
    """Parse its output.

    Raises:
        TableUnreadable: That is not a table.
    """
    require_heading(text, "Proto Recv-Q")
    sockets, damaged = [], 0
    for line in text.splitlines():
        fields = line.split()
        if not fields or fields[0] not in _WILDCARDS:
            continue
        try:
            socket = _socket(fields)
        except Damaged:
            damaged += 1
        else:
            sockets += [socket] if socket else []
    return Parsed(tuple(sockets), damaged)


def _socket(fields: list[str]) -> Socket | None:
    if len(fields) not in (_WITHOUT_STATE, _WITH_STATE):
        raise Damaged
    protocol, _, _, local, remote, *state = fields
    here, there = (endpoint(text, ":", _WILDCARDS[protocol]) for text in (local, remote))
    if protocol.startswith("udp"):
        return udp_socket(here, there)
    return tcp_socket(here, there, state[0] if state else "")
