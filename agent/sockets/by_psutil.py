"""The table as psutil reads it: everything on Linux and Windows, with processes as far as privileges allow."""

from __future__ import annotations

import socket as sockets
from typing import Any, Final

from agent.errors import TableUnreadable
from agent.flows.addresses import canonical
from agent.flows.table import Endpoint, Socket
from agent.sockets.fields import Damaged, Parsed, tcp_socket, udp_socket
from agent.sockets.processes import name_of

_KIND: Final = "inet"


def read() -> Parsed:
    """Read the table.

    Raises:
        TableUnreadable: Psutil is missing, or can't read it here.
    """
    try:
        import psutil  # noqa: PLC0415 -- not needed on other systems, and may be missing
    except ImportError as error:
        message = f"psutil is missing ({error}): install it with pip."
        raise TableUnreadable(message) from error
    try:
        connections = psutil.net_connections(_KIND)
    except (psutil.Error, OSError, RuntimeError, ValueError) as error:
        message = f"psutil can't read the connection table: {error}."
        raise TableUnreadable(message) from error
    return from_connections(connections)


def from_connections(connections: list[Any]) -> Parsed:
    """Parse the connections that psutil returned."""
    names: dict[int | None, str | None] = {}
    found, damaged = [], 0
    for connection in connections:
        pid = connection.pid
        if pid is not None and pid not in names:
            names[pid] = name_of(pid)
        try:
            socket = _socket(connection, names.get(pid))
        except Damaged:
            damaged += 1
        else:
            found += [socket] if socket else []
    return Parsed(tuple(found), damaged)


def _socket(connection: Any, process: str | None) -> Socket | None:  # noqa: ANN401 -- psutil has a type for each system
    local, remote = _endpoint(connection.laddr), _endpoint(connection.raddr)
    if connection.type == sockets.SOCK_DGRAM:
        return udp_socket(local, remote, process)
    return tcp_socket(local, remote, connection.status, process)


def _endpoint(address: Any) -> Endpoint | None:  # noqa: ANN401 -- psutil has a type for each system
    if not address:
        return None
    text = canonical(address.ip)
    if text is None:
        raise Damaged
    return Endpoint(text, address.port) if address.port else None
