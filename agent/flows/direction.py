"""Who began a connection: decided by who listens, otherwise by the ephemeral port range, otherwise unknown."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from agent.flows.addresses import WILDCARD, is_ipv4
from agent.flows.table import Endpoint, Key, PortRange, Protocol, Socket, State


class Direction(Enum):
    """Who began the connection, seen from this machine."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Basis(Enum):
    """The basis of a direction. `peer_listen`, for a peer that was seen listening, is for those who see both ends."""

    LISTEN = "listen"
    EPHEMERAL = "ephemeral"
    UNKNOWN = "unknown"


class Bearing(NamedTuple):
    """A direction, and its basis.

    Attributes:
        direction: None if unknown.
        basis: How it was decided.
        listener: For an inbound connection, the process that listens; None if that can't be seen.
    """

    direction: Direction | None
    basis: Basis
    listener: str | None


_UNKNOWN = Bearing(None, Basis.UNKNOWN, None)
_BY_EPHEMERAL_PORT = Bearing(Direction.OUTBOUND, Basis.EPHEMERAL, None)


class Listeners:
    """What accepts connections or datagrams on this machine."""

    def __init__(self, sockets: Iterable[Socket]) -> None:
        self._processes: dict[tuple[Protocol, Endpoint], str | None] = {}
        for socket in sockets:
            if socket.state not in (State.LISTEN, State.UNCONNECTED):
                continue
            for address in _addresses(socket):
                place = (socket.protocol, Endpoint(address, socket.local.port))
                # Several processes may listen on the same endpoint; the first one with a name represents them all.
                self._processes[place] = self._processes.get(place) or socket.process

    def takes(self, protocol: Protocol, endpoint: Endpoint) -> bool:
        """Return whether something listens there, at that address or at all addresses."""
        return self._place(protocol, endpoint) is not None

    def process(self, protocol: Protocol, endpoint: Endpoint) -> str | None:
        """Return the name of the process that listens there, or None."""
        place = self._place(protocol, endpoint)
        return None if place is None else self._processes[place]

    def _place(self, protocol: Protocol, endpoint: Endpoint) -> tuple[Protocol, Endpoint] | None:
        wildcard = WILDCARD[0] if is_ipv4(endpoint.address) else WILDCARD[1]
        for address in (endpoint.address, wildcard):
            place = (protocol, Endpoint(address, endpoint.port))
            if place in self._processes:
                return place
        return None


def _addresses(socket: Socket) -> tuple[str, ...]:
    if socket.local.address == WILDCARD[1] and socket.both_families:
        return WILDCARD
    return (socket.local.address,)


def bearing_of(key: Key, listeners: Listeners, ephemeral: PortRange) -> Bearing:
    """Return who began a connection, and on what basis, without guessing."""
    if listeners.takes(key.protocol, key.local):
        return Bearing(Direction.INBOUND, Basis.LISTEN, listeners.process(key.protocol, key.local))
    if key.local.port in ephemeral and key.remote.port not in ephemeral:
        return _BY_EPHEMERAL_PORT
    return _UNKNOWN
