"""Limits for connections: in total, and for unauthenticated ones from one address.

Connections count from accept to close, so that a TLS handshake that never ends counts too.
"""

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from gateway.sender import network_of

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

MOST_OF_AN_ADDRESS: Final = 128
"""The most connections from one address without a valid token or session: enough for an office behind one address."""
MOST_SCRAPERS: Final = 64
"""The most connections to the metrics listener."""
_MOST: Final = 20_000
_OTHER_FILES: Final = 128 + MOST_SCRAPERS
"""Open files besides connections of senders and people: the stores, their logs, what pages read, and the metrics."""
_MINUTE: Final = 60

_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Connection:
    """One connection.

    Attributes:
        network: The address that it comes from; for IPv6, the /64 network.
        proven: Whether it has shown a valid token or session.
    """

    network: str
    proven: bool = False


class Connections:
    """The connections of one listener. For use on its event loop only.

    Attributes:
        most: The most connections at a time.
        refused: How many were refused.
    """

    def __init__(
        self,
        most: int,
        most_of_an_address: int | None = MOST_OF_AN_ADDRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any.

        Args:
            most: The most connections in total.
            most_of_an_address: The most unproven connections from one address; None for no limit, such as behind a
                proxy.
            clock: A clock in seconds, which limits how often refusals are logged.
        """
        self.most = most
        self.refused = 0
        # If only a few fit, no address may have more than a quarter.
        self._most_of_an_address = None if most_of_an_address is None else min(most_of_an_address, max(1, most // 4))
        self._open: dict[object, Connection] = {}
        self._unproven: Counter[str] = Counter()
        self._refusals = Seldom(clock)

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    def admit(self, peer: Any) -> bool:  # noqa: ANN401 - as the socket's family has it
        """Admit a connection from a peer unless there are too many; return whether it was admitted."""
        network = network_of(peer[0]) or ""
        mine = self._unproven[network] + 1
        if len(self._open) >= self.most or (self._most_of_an_address is not None and mine > self._most_of_an_address):
            self.refused += 1
            self._refusals.warn("Connections were refused because there were too many; the last came from %s", network)
            return False
        self._open[peer] = Connection(network)
        self._unproven[network] = mine
        return True

    def prove(self, peer: object) -> None:
        """Record that a peer has authenticated."""
        connection = self._open.get(peer)
        if connection is not None and not connection.proven:
            connection.proven = True
            self._forget_unproven(connection.network)

    def is_proven(self, peer: object) -> bool:
        """Return whether a peer has authenticated."""
        connection = self._open.get(peer)
        return connection is not None and connection.proven

    def end(self, peer: object) -> None:
        """Record that a connection is closed."""
        connection = self._open.pop(peer, None)
        if connection is not None and not connection.proven:
            self._forget_unproven(connection.network)

    def _forget_unproven(self, network: str) -> None:
        self._unproven[network] -= 1
        if not self._unproven[network]:
            del self._unproven[network]


@dataclass(slots=True)
class Seldom:
    """Logs repeated warnings once a minute, with their number."""

    clock: Callable[[], float]
    _next: float = float("-inf")
    _count: int = field(default=0)

    def warn(self, sentence: str, *values: object) -> None:
        """Log a warning, or count it until the next line is due."""
        self._count += 1
        now = self.clock()
        if now >= self._next:
            _logger.warning(f"{sentence} (%d since the last such line).", *values, self._count)  # noqa: G004 - ours
            self._next, self._count = now + _MINUTE, 0


class Listener(socket.socket):
    """A listening socket that immediately closes connections that are not admitted."""

    connections: Connections

    @classmethod
    def of(cls, listening: socket.socket, connections: Connections) -> "Listener":
        """Take over a socket that already listens."""
        listener = cls(listening.family, listening.type, listening.proto, fileno=listening.detach())
        listener.connections = connections
        return listener

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next connection.

        Raises:
            ConnectionAbortedError: It is not admitted, and is closed. The event loop handles other work before the next
                one.
        """
        accepted, peer = super().accept()
        if not self.connections.admit(peer):
            accepted.close()
            raise ConnectionAbortedError
        counted = _Accepted(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        counted.ended = partial(self.connections.end, peer)
        return counted, peer


class _Accepted(socket.socket):
    """A connection that reports when it is closed."""

    ended: Callable[[], None]

    def close(self) -> None:
        super().close()
        self.ended()


def most_connections() -> int:
    """Raise this process's limit of open files as far as allowed, and return how many connections fit within it."""
    if resource is None:
        return _MOST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _OTHER_FILES
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _MOST if soft == resource.RLIM_INFINITY else max(1, min(_MOST, (soft - _OTHER_FILES) // 2))
