"""Changes of connections, grouped into records: one for each minute, pair of addresses, server port and process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.flows.connections import Change
from agent.flows.direction import Basis, Direction
from agent.flows.record import SOURCE, VERSION, Record, make_record
from agent.flows.table import Counters, Endpoint, Protocol

_MINUTE_MS: Final = 60_000


class _Group(NamedTuple):
    """What the connections of one record have in common; the initiator's ephemeral port is None."""

    minute_ms: int
    direction: Direction | None
    basis: Basis
    process: str | None
    local: tuple[str, int | None]
    remote: tuple[str, int | None]
    protocol: Protocol


@dataclass
class _Sum:
    established: int = 0
    terminated: int = 0
    failed: int = 0
    live: int = 0
    live_at: int = 0
    carried: Counters | None = None

    def add(self, change: Change, reading: int) -> None:
        self.established += change.established
        self.terminated += change.terminated
        self.failed += change.failed
        # The number of live connections is that of the minute's last reading, not the sum of all.
        self.live = change.live + (self.live if reading == self.live_at else 0)
        self.live_at = reading
        self.carried = _total(self.carried, change.carried)


class Gathering:
    """The changes of one interval, summed."""

    def __init__(self) -> None:
        self._sums: dict[_Group, _Sum] = {}
        self._readings = 0
        self._last_reading: dict[int, int] = {}

    def add(self, since_ms: int, changes: Iterable[Change]) -> None:
        """Add what one reading found. It happened since the previous reading, whose minute it gets."""
        self._readings += 1
        minute_ms = since_ms - since_ms % _MINUTE_MS
        self._last_reading[minute_ms] = self._readings
        for change in changes:
            self._sums.setdefault(_group(minute_ms, change), _Sum()).add(change, self._readings)

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._sums)

    def records(self, host: str) -> Iterator[Record]:
        """Return the records in a fixed order."""
        return (self._record(group, host) for group in sorted(self._sums, key=_order))

    def _record(self, group: _Group, host: str) -> Record:
        total = self._sums[group]
        inbound = group.direction is Direction.INBOUND
        source, destination = (group.remote, group.local) if inbound else (group.local, group.remote)
        sent, received = _ways(total.carried, inbound=inbound)
        return make_record(
            {
                "time": group.minute_ms,
                "src_ip": source[0],
                "src_port": source[1],
                "dst_ip": destination[0],
                "dst_port": destination[1],
                "protocol": int(group.protocol),
                "direction": group.direction.value if group.direction else None,
                "packets_src_to_dst": sent[0],
                "bytes_src_to_dst": sent[1],
                "packets_dst_to_src": received[0],
                "bytes_dst_to_src": received[1],
                "source": SOURCE,
                "version": VERSION,
                "host": host,
                "process": group.process,
                "direction_basis": group.basis.value,
                "links_established": total.established,
                "links_terminated": total.terminated,
                "links_failed": total.failed,
                # Connections that no reading has shown since are not live.
                "links_live": total.live if total.live_at == self._last_reading[group.minute_ms] else 0,
                "counter_source": "none" if total.carried is None else "tcp_info",
            }
        )


def _group(minute_ms: int, change: Change) -> _Group:
    key, bearing = change.key, change.bearing
    inbound, outbound = bearing.direction is Direction.INBOUND, bearing.direction is Direction.OUTBOUND
    return _Group(
        minute_ms,
        bearing.direction,
        bearing.basis,
        change.process,
        _side(key.local, chosen=outbound),
        _side(key.remote, chosen=inbound),
        key.protocol,
    )


def _side(endpoint: Endpoint, *, chosen: bool) -> tuple[str, int | None]:
    return (endpoint.address, None if chosen else endpoint.port)


def _order(group: _Group) -> tuple[object, ...]:
    local, remote = ((address, -1 if port is None else port) for address, port in (group.local, group.remote))
    direction = group.direction.value if group.direction else ""
    return group.minute_ms, direction, group.basis.value, local, remote, group.protocol, group.process or ""


def _total(one: Counters | None, other: Counters | None) -> Counters | None:
    if one is None or other is None:
        return one or other
    return Counters(
        one.bytes_sent + other.bytes_sent,
        one.bytes_received + other.bytes_received,
        _sum(one.packets_sent, other.packets_sent),
        _sum(one.packets_received, other.packets_received),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _ways(
    carried: Counters | None, *, inbound: bool
) -> tuple[tuple[int | None, int | None], tuple[int | None, int | None]]:
    """Return packets and bytes from the source, then those from the destination."""
    if carried is None:
        return (None, None), (None, None)
    out = (carried.packets_sent, carried.bytes_sent)
    back = (carried.packets_received, carried.bytes_received)
    return (back, out) if inbound else (out, back)
