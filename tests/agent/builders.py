"""Connection tables as tests write them."""

from agent.flows.addresses import canonical
from agent.flows.connections import Tracker
from agent.flows.direction import Direction
from agent.flows.grouping import Gathering
from agent.flows.table import Counters, Endpoint, PortRange, Protocol, Snapshot, Socket, State

EPHEMERAL = PortRange(32_768, 60_999)
NOON = 1_795_521_600_000
"""2026-11-24T12:00:00Z."""


def endpoint(text):
    """An endpoint from `address:port`."""
    address, _, port = text.rpartition(":")
    return Endpoint(canonical(address), int(port))


def listening(local, process=None, protocol=Protocol.TCP, **options):
    state = State.LISTEN if protocol is Protocol.TCP else State.UNCONNECTED
    return Socket(protocol, endpoint(local), None, state, process, **options)


def connection(local, remote, state=State.ESTABLISHED, process=None, counters=None, protocol=Protocol.TCP):
    """A socket with a peer; counters are bytes sent and bytes received."""
    counted = None if counters is None else Counters(*counters, 1 + counters[0] // 1000, 1 + counters[1] // 1000)
    return Socket(protocol, endpoint(local), endpoint(remote), state, process, counted)


def looks(*tables, seconds=30):
    """Snapshots, one after the other, from noon on."""
    return [Snapshot(NOON + number * seconds * 1000, tuple(table)) for number, table in enumerate(tables)]


def changes_between(*tables):
    """Return how the connections changed at the last of several readings."""
    tracker = Tracker(EPHEMERAL)
    return [tracker.observe(snapshot) for snapshot in looks(*tables)][-1]


def records_of(*tables, seconds=30, host="vm"):
    """The records of all looks together."""
    tracker, gathering, since = Tracker(EPHEMERAL), Gathering(), None
    for snapshot in looks(*tables, seconds=seconds):
        changes = tracker.observe(snapshot)
        if since is not None:
            gathering.add(since, changes)
        since = snapshot.time_ms
    return list(gathering.records(host))


INBOUND, OUTBOUND = Direction.INBOUND, Direction.OUTBOUND
