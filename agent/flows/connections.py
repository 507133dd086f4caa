"""How each connection changed between two readings of the connection table.

Every connection that is seen is counted as established exactly once, and as terminated exactly once when it ends. One
that was there at the first reading began earlier: it is live, and not counted as established.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from agent.flows.direction import Bearing, Listeners, bearing_of
from agent.flows.table import Counters, Key, PortRange, Snapshot, Socket, State


class Phase(Enum):
    """How far a connection has come."""

    ASKED = "asked"
    """This machine has requested it, without an answer yet."""
    OFFERED = "offered"
    """A peer has requested it, and it is not established yet."""
    OPEN = "open"
    """It can carry data in at least one direction, also if half closed."""
    OVER = "over"
    """Both sides have closed it; the system only remembers it for a while."""


PHASES: Final[Mapping[State, Phase]] = {
    State.SYN_SENT: Phase.ASKED,
    State.SYN_RECEIVED: Phase.OFFERED,
    State.ESTABLISHED: Phase.OPEN,
    State.CONNECTED: Phase.OPEN,
    State.FIN_WAIT_1: Phase.OPEN,
    State.FIN_WAIT_2: Phase.OPEN,
    State.CLOSE_WAIT: Phase.OPEN,
    State.LAST_ACK: Phase.OVER,
    State.CLOSING: Phase.OVER,
    State.TIME_WAIT: Phase.OVER,
    State.CLOSED: Phase.OVER,
}
_FURTHEST_FIRST: Final = (Phase.OPEN, Phase.OVER, Phase.ASKED, Phase.OFFERED)


class Change(NamedTuple):
    """How one connection changed since the last reading.

    Attributes:
        key: The connection.
        bearing: Who began it.
        process: The name of the process on this machine; None where that was never seen.
        established: How often it was established: more than once if its ports were reused immediately.
        terminated: How often it ended.
        failed: 1 if the attempt failed.
        live: 1 if it is open now.
        carried: What it carried since the last reading; None if that was not measured.
    """

    key: Key
    bearing: Bearing
    process: str | None
    established: int
    terminated: int
    failed: int
    live: int
    carried: Counters | None


@dataclass
class _Connection:
    """What is remembered about a connection while it is in the table."""

    __slots__ = ("bearing", "counters", "failed", "phase", "process")

    bearing: Bearing
    process: str | None
    phase: Phase
    counters: Counters | None
    failed: bool


class Tracker:
    """Follows connections from one snapshot to the next."""

    def __init__(self, ephemeral: PortRange) -> None:
        self._ephemeral = ephemeral
        self._connections: dict[Key, _Connection] | None = None

    def observe(self, snapshot: Snapshot, left_out: Iterable[Key] = ()) -> list[Change]:
        """Compare the next snapshot with the last one, and return how every connection changed.

        Args:
            snapshot: The table; the very first one only shows what was there before.
            left_out: Connections that are not followed.
        """
        known, self._connections = self._connections, {}
        listeners = Listeners(snapshot.sockets)
        unwanted = frozenset(left_out)
        changes = []
        for key, socket in connections_of(snapshot).items():
            if key in unwanted:
                continue
            before = None if known is None else known.pop(key, None)
            connection = self._connections[key] = self._next(key, socket, before, listeners)
            changes.append(_change(key, connection, before, socket.counters, first_reading=known is None))
        for key, connection in (known or {}).items():
            # A connection that is now left out is not over.
            if key not in unwanted:
                changes.append(_vanished(key, connection))
        return [change for change in changes if _says_something(change)]

    def _next(self, key: Key, socket: Socket, before: _Connection | None, listeners: Listeners) -> _Connection:
        phase = PHASES[socket.state]
        if before is None or (before.phase is Phase.OVER and phase is not Phase.OVER):
            bearing = bearing_of(key, listeners, self._ephemeral)
            return _Connection(bearing, socket.process or bearing.listener, phase, socket.counters, failed=False)
        # A direction stays once it is found: the listener may close while its connections continue.
        process, counters = socket.process or before.process, socket.counters or before.counters
        return _Connection(before.bearing, process, phase, counters, before.failed)


def connections_of(snapshot: Snapshot) -> dict[Key, Socket]:
    """Return the sockets with a peer, one for each connection.

    A snapshot is not read at one instant, so a connection may be in it twice; then the line that shows it open counts.
    """
    found: dict[Key, Socket] = {}
    for socket in snapshot.sockets:
        if socket.remote is None or socket.state not in PHASES:
            continue
        key = Key(socket.protocol, socket.local, socket.remote)
        other = found.get(key)
        if other is None or _rank(socket) < _rank(other):
            found[key] = socket
    return found


def _rank(socket: Socket) -> tuple[int, bool, bool]:
    return _FURTHEST_FIRST.index(PHASES[socket.state]), socket.process is None, socket.counters is None


def _change(
    key: Key, connection: _Connection, before: _Connection | None, counted: Counters | None, *, first_reading: bool
) -> Change:
    """Return how a connection in the table changed."""
    established = terminated = failed = 0
    was = before.phase if before else None
    if first_reading:
        pass
    elif connection.phase is Phase.OPEN:
        established = int(was is not Phase.OPEN or _fell(before, counted))
        terminated = int(established == 1 and was is Phase.OPEN)
    elif connection.phase is Phase.OVER:
        established = int(was in (None, Phase.ASKED, Phase.OFFERED) or _fell(before, counted))
        terminated = established + int(was is Phase.OPEN)
    else:
        terminated = int(was is Phase.OPEN)
        failed = int(connection.phase is Phase.ASKED and was is Phase.ASKED and not connection.failed)
    # If it is requested again after it was open or over, it may fail again.
    connection.failed = connection.phase is Phase.ASKED and ((connection.failed and was is Phase.ASKED) or failed == 1)
    if established:
        connection.counters = counted  # never those of the connection that had these ports before
    return Change(
        key=key,
        bearing=connection.bearing,
        process=connection.process,
        established=established,
        terminated=terminated,
        failed=failed,
        live=int(connection.phase is Phase.OPEN),
        carried=None if first_reading else _carried(connection.phase, before, counted, is_new=established == 1),
    )


def _vanished(key: Key, connection: _Connection) -> Change:
    """Return how a connection that is no longer in the table changed."""
    return Change(
        key=key,
        bearing=connection.bearing,
        process=connection.process,
        established=0,
        terminated=int(connection.phase is Phase.OPEN),
        failed=int(connection.phase is Phase.ASKED and not connection.failed),
        live=0,
        carried=None,
    )


def _fell(before: _Connection | None, counted: Counters | None) -> bool:
    """Return whether counters decreased, which they never do within one connection."""
    if before is None or before.counters is None or counted is None:
        return False
    return any(now < then for now, then in _pairs(counted, before.counters))


def _carried(phase: Phase, before: _Connection | None, counted: Counters | None, *, is_new: bool) -> Counters | None:
    if counted is None or phase in (Phase.ASKED, Phase.OFFERED):
        return None
    if is_new:
        return counted
    if before is None or before.counters is None:
        return None  # it carried something before it was measured: how much of that is recent is unknown
    then = before.counters
    return Counters(
        counted.bytes_sent - then.bytes_sent,
        counted.bytes_received - then.bytes_received,
        _difference(counted.packets_sent, then.packets_sent),
        _difference(counted.packets_received, then.packets_received),
    )


def _pairs(now: Counters, then: Counters) -> list[tuple[int, int]]:
    return [(a, b) for a, b in zip(now, then) if a is not None and b is not None]


def _difference(now: int | None, then: int | None) -> int | None:
    return None if now is None or then is None else now - then


def _says_something(change: Change) -> bool:
    return bool(change.established or change.terminated or change.failed or change.live or change.carried)
