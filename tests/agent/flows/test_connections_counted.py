"""Nothing is counted twice or lost, whatever happens between the looks."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.flows.connections import PHASES, Phase, Tracker, connections_of
from agent.flows.grouping import Gathering
from agent.flows.table import Counters, Snapshot, State
from shared.flowlog import check
from tests.agent.builders import EPHEMERAL, NOON, connection, listening

_STATES = st.sampled_from(sorted(PHASES, key=lambda state: state.value))
_KEYS = [
    ("10.0.0.4:41000", "10.0.0.5:443"),
    ("10.0.0.4:41001", "10.0.0.5:443"),
    ("10.0.0.4:80", "10.0.0.6:50000"),
    ("10.0.0.4:80", "10.0.0.6:50001"),
    ("10.0.0.4:7000", "10.0.0.7:7000"),
]
_COUNTERS = st.none() | st.tuples(st.integers(0, 5000), st.integers(0, 5000))
_TABLES = st.dictionaries(st.sampled_from(_KEYS), st.tuples(_STATES, _COUNTERS))


def snapshots(tables):
    return [
        Snapshot(
            NOON + number * 20_000,
            (
                listening("0.0.0.0:80", "nginx"),
                *(connection(*ends, state, counters=counters) for ends, (state, counters) in table.items()),
            ),
        )
        for number, table in enumerate(tables)
    ]


@given(st.lists(_TABLES, min_size=1, max_size=12))
def test_what_was_live_and_came_to_be_is_live_or_has_ended(tables):
    tracker = Tracker(EPHEMERAL)
    balance = Counter()
    for number, snapshot in enumerate(snapshots(tables)):
        live = {key for key, socket in connections_of(snapshot).items() if PHASES[socket.state] is Phase.OPEN}
        for change in tracker.observe(snapshot):
            balance[change.key] += change.established - change.terminated
            assert min(change.established, change.terminated, change.failed, *(change.carried or ())) >= 0
            assert bool(change.live) is (change.key in live)
        if number == 0:
            balance.update(live)
        assert {key for key, count in balance.items() if count} == live
        assert set(balance.values()) <= {0, 1}


@given(st.lists(_TABLES, min_size=2, max_size=12))
def test_records_say_what_the_connections_said(tables):
    tracker, gathering = Tracker(EPHEMERAL), Gathering()
    first, *others = snapshots(tables)
    tracker.observe(first)
    since, said, live_of_minute = first.time_ms, Counter(), {}
    for snapshot in others:
        changes = tracker.observe(snapshot)
        gathering.add(since, changes)
        for change in changes:
            carried = change.carried or Counters(0, 0, 0, 0)
            said.update(
                links_established=change.established,
                links_terminated=change.terminated,
                links_failed=change.failed,
                bytes=carried.bytes_sent + carried.bytes_received,
            )
        live_of_minute[since // 60_000] = sum(change.live for change in changes)
        since = snapshot.time_ms
    told, live = Counter(), Counter()
    for record in gathering.records("vm"):
        assert check(record) is None
        for name in ("links_established", "links_terminated", "links_failed"):
            told[name] += record[name]
        told["bytes"] += (record["bytes_src_to_dst"] or 0) + (record["bytes_dst_to_src"] or 0)
        live[record["time"] // 60_000] += record["links_live"]
    assert +told == +said
    assert +live == +Counter(live_of_minute)


@dataclass(frozen=True)
class _Life:
    """A connection as it really was: this side closes first, and remembers it for a minute."""

    begin: int
    end: int
    rate: int

    def at(self, second):
        if second < self.begin or second >= self.end + 60:
            return None
        if second >= self.end:
            return State.TIME_WAIT, None
        size = (second - self.begin) * self.rate
        return State.ESTABLISHED, (size, 2 * size)


@st.composite
def lives_of_a_port(draw):
    """Connections upon the same two ports, the next one when a look has shown that the last is forgotten."""
    lives, now = [], 0
    for _ in range(draw(st.integers(0, 4))):
        begin = now + draw(st.integers(1, 100))
        end = begin + draw(st.integers(0, 150))
        lives.append(_Life(begin, end, draw(st.integers(0, 50))))
        now = end + 120
    return lives


@settings(deadline=None)
@given(
    st.lists(lives_of_a_port(), min_size=1, max_size=4),
    st.lists(st.integers(1, 59), min_size=20, max_size=60),
)
def test_every_connection_of_a_machine_is_counted_once(ports, gaps):
    moments = [0]
    for gap in gaps:
        moments.append(moments[-1] + gap)
    tracker, gathering, since = Tracker(EPHEMERAL), Gathering(), None
    for moment in moments:
        sockets = [
            connection(f"10.0.0.4:{41000 + number}", "10.0.0.5:443", seen[0], counters=seen[1])
            for number, lives in enumerate(ports)
            for life in lives
            if (seen := life.at(moment))
        ]
        changes = tracker.observe(Snapshot(NOON + moment * 1000, tuple(sockets)))
        if since is not None:
            gathering.add(NOON + since * 1000, changes)
        since = moment
    records = list(gathering.records("vm"))
    lives = [life for port in ports for life in port]
    last = moments[-1]
    assert sum(record["links_established"] for record in records) == sum(life.begin <= last for life in lives)
    assert sum(record["links_terminated"] for record in records) == sum(life.end <= last for life in lives)
    # What a connection carried after it was last seen open is all that is not counted.
    seen_open = [max((at for at in moments if life.begin <= at < life.end), default=life.begin) for life in lives]
    measured = sum((at - life.begin) * life.rate for at, life in zip(seen_open, lives, strict=True))
    assert sum(record["bytes_src_to_dst"] or 0 for record in records) == measured
    assert sum(record["bytes_dst_to_src"] or 0 for record in records) == 2 * measured
