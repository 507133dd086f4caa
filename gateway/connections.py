"""Which connections are let in: so many in all, and so many of one address that have not shown yet who they are.

Counted from accept to close, so that a TLS handshake that never ends counts too.
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
"""Connections of one address that have shown no good token or session: enough for an office behind one address."""
MOST_SCRAPERS: Final = 64
"""Connections of those that read the metrics."""
_MOST: Final = 20_000
_OTHER_FILES: Final = 128 + MOST_SCRAPERS
"""Files besides connections of senders and people: the stores, their logs, what pages read, and the metrics."""
_MINUTE: Final = 60

_logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Connection:
    """One connection.

    Attributes:
        network: The address that it comes from; of IPv6 the network.
        proven: Whether it has shown a valid token or session.

    """

    network: str
    proven: bool = False


class Connections:
    """The connections of one listener. To be used on its event loop only.

    Attributes:
        most: As many as there may be.
        refused: How many were not let in.

    """

    def __init__(
        self,
        most: int,
        most_of_an_address: int | None = MOST_OF_AN_ADDRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any.

        Args:
            most: As many as there may be in all.
            most_of_an_address: As many of one address as may be unproven; None for any number, as behind a proxy.
            clock: Seconds, for how often refusals are logged.

        """
        self.most = most
        self.refused = 0
        # Where few fit, no address has more than a quarter.
        self._most_of_an_address = None if most_of_an_address is None else min(most_of_an_address, max(1, most // 4))
        self._open: dict[object, Connection] = {}
        self._unproven: Counter[str] = Counter()
        self._refusals = Seldom(clock)

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def admit(self, peer: Any) -> bool:  # noqa: ANN401 - as the socket's family has it
        """Let a connection of a peer in, unless there are too many; return whether that was done."""
        network = network_of(peer[0]) or ""
        mine = self._unproven[network] + 1
        if len(self._open) >= self.most or (self._most_of_an_address is not None and mine > self._most_of_an_address):
            self.refused += 1
            self._refusals.warn("Connections were refused, since there were too many; the last came from %s", network)
            return False
        self._open[peer] = Connection(network)
        self._unproven[network] = mine
        return True

    def prove(self, peer: object) -> None:
        """Note that a peer has shown who it is."""
        connection = self._open.get(peer)
        if connection is not None and not connection.proven:
            connection.proven = True
            self._forget_unproven(connection.network)

    def is_proven(self, peer: object) -> bool:
        """Return whether a peer has shown who it is."""
        connection = self._open.get(peer)
        return connection is not None and connection.proven

    def end(self, peer: object) -> None:
        """Note that a connection is closed."""
        connection = self._open.pop(peer, None)
        if connection is not None and not connection.proven:
            self._forget_unproven(connection.network)

    def _forget_unproven(self, network: str) -> None:
        self._unproven[network] -= 1
        if not self._unproven[network]:
            del self._unproven[network]


@dataclass(slots=True)
class Seldom:
    """Logs what repeats once a minute, with how often it was."""

    clock: Callable[[], float]
    _next: float = float("-inf")
    _count: int = field(default=0)

    def warn(self, sentence: str, *values: object) -> None:
        """Log a warning, or count it until the next one is due."""
        self._count += 1
        now = self.clock()
        if now >= self._next:
            _logger.warning(f"{sentence} (%d since the last such line).", *values, self._count)  # noqa: G004 - ours
            self._next, self._count = now + _MINUTE, 0


class Listener(socket.socket):
    """A listening socket that closes at once what is not let in."""

    connections: Connections

    @classmethod
    def of(cls, listening: socket.socket, connections: Connections) -> "Listener":
        """Take the place of a socket that listens already."""
        listener = cls(listening.family, listening.type, listening.proto, fileno=listening.detach())
        listener.connections = connections
        return listener

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next connection.

        Raises:
            ConnectionAbortedError: It is not let in, and is closed. The event loop sees to others before the next one.

        """
        accepted, peer = super().accept()
        if not self.connections.admit(peer):
            accepted.close()
            raise ConnectionAbortedError
        counted = _Accepted(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        counted.ended = partial(self.connections.end, peer)
        return counted, peer


class _Accepted(socket.socket):
    """A connection that tells when it is closed."""

    ended: Callable[[], None]

    def close(self) -> None:
        super().close()
        self.ended()


def most_connections() -> int:
    """Raise this process's limit of open files as far as it may, and return how many connections fit below it."""
    if resource is None:
        return _MOST
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _OTHER_FILES
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _MOST if soft == resource.RLIM_INFINITY else max(1, min(_MOST, (soft - _OTHER_FILES) // 2))
