"""`netstat` of macOS, FreeBSD and AIX, which have a common ancestor: a dot before the port, the family in the
protocol's name.
"""

from __future__ import annotations

import re
from typing import Final

from agent.flows.addresses import WILDCARD
from agent.flows.table import Socket
from agent.sockets.fields import Damaged, Parsed, endpoint, require_heading, tcp_socket, udp_socket

# Without -W long addresses are cut off.
COMMAND: Final = ("netstat", "-anW")
COMMAND_AIX: Final = ("netstat", "-an")
_PROTOCOL: Final = re.compile(r"(tcp|udp)(4|6|46)?")
_WITHOUT_STATE, _WITH_STATE = 5, 6


def parse(text: str) -> Parsed:
    """Parse the output of macOS or FreeBSD, where a listener for both families is a `tcp46`.

    Raises:
        TableUnreadable: That is not a table.
    """
    return _parse(text, six_takes_both=False)


def parse_aix(text: str) -> Parsed:
    """Parse the output of AIX, which does not show whether an IPv6 listener accepts IPv4: by default it does.

    Raises:
        TableUnreadable: That is not a table.
    """
    return _parse(text, six_takes_both=True)


def _parse(text: str, *, six_takes_both: bool) -> Parsed:
    require_heading(text, "Proto Recv-Q")
    sockets, damaged = [], 0
    for line in text.splitlines():
        fields = line.split()
        protocol = _PROTOCOL.fullmatch(fields[0]) if fields else None
        if protocol is None:
            continue
        name, family = protocol.groups()
        try:
            socket = _socket(name, family, fields, both=family != "6" or six_takes_both)
        except Damaged:
            damaged += 1
        else:
            sockets += [socket] if socket else []
    return Parsed(tuple(sockets), damaged)


def _socket(name: str, family: str | None, fields: list[str], *, both: bool) -> Socket | None:
    if len(fields) not in (_WITHOUT_STATE, _WITH_STATE):
        raise Damaged
    wildcard = WILDCARD[0] if family == "4" else WILDCARD[1]
    here, there = (endpoint(text, ".", wildcard) for text in fields[3:5])
    if name == "udp":
        return udp_socket(here, there, both=both)
    if len(fields) != _WITH_STATE:
        raise Damaged
    return tcp_socket(here, there, fields[5], both=both)
