"""`netstat -an` of Solaris and illumos: a section for each protocol and family, with its own columns."""

from __future__ import annotations

import re
from typing import Final

from agent.flows.addresses import WILDCARD
from agent.flows.table import Socket
from agent.sockets.fields import Damaged, Parsed, endpoint, require_heading, tcp_socket, udp_socket

COMMAND: Final = ("netstat", "-an", "-f", "inet", "-f", "inet6")
_SECTION: Final = re.compile(r"(\w+):(?: (IPv[46]))?")
_WILDCARDS: Final = {"IPv4": WILDCARD[0], "IPv6": WILDCARD[1], None: ""}
_UDP_STATES: Final = frozenset({"Unbound", "Idle", "Connected"})
_TCP_FIELDS, _UDP_FIELDS = (7, 8), (2, 3, 4)


def parse(text: str) -> Parsed:
    """Parse its output.

    Raises:
        TableUnreadable: That is not a table.
    """
    require_heading(text, "TCP: IPv", "UDP: IPv")
    sockets, damaged = [], 0
    protocol, wildcard, in_rows = "", "", False
    for line in text.splitlines():
        fields = line.split()
        section = _SECTION.fullmatch(line.strip())
        if section:
            protocol, wildcard, in_rows = section[1], _WILDCARDS[section[2]], False
        elif not fields or line.startswith("Active "):
            in_rows = False
        elif set(line) <= {"-", " "}:
            in_rows = True
        elif in_rows and protocol in ("TCP", "UDP"):
            try:
                socket = _tcp(fields, wildcard) if protocol == "TCP" else _udp(fields, wildcard)
            except Damaged:
                damaged += 1
            else:
                sockets += [socket] if socket else []
    return Parsed(tuple(sockets), damaged)


def _tcp(fields: list[str], wildcard: str) -> Socket | None:
    if len(fields) not in _TCP_FIELDS:
        raise Damaged
    here, there = (endpoint(text, ".", wildcard) for text in fields[:2])
    return tcp_socket(here, there, fields[6])


def _udp(fields: list[str], wildcard: str) -> Socket | None:
    """Parse a line whose second column is empty unless the socket is connected."""
    if len(fields) not in _UDP_FIELDS:
        raise Damaged
    here, *others = fields
    peer = others.pop(0) if others[0] not in _UDP_STATES else None
    if not others or others[0] not in _UDP_STATES:
        raise Damaged
    return udp_socket(endpoint(here, ".", wildcard), None if peer is None else endpoint(peer, ".", wildcard))
