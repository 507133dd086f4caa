import gzip
import json

import pytest

from agent.collecting import RECORDS_MAX, Collector, Watch
from agent.delivery.settings import Settings
from agent.delivery.spool import Spool
from agent.errors import TableUnreadable
from agent.flows.table import Snapshot, State
from tests.agent.builders import EPHEMERAL, connection, endpoint

NOTHING = Settings(collect=False, interval_seconds=None, etag="0")


def every(seconds):
    return Settings(collect=True, interval_seconds=seconds, etag=str(seconds))


class Machine:
    """A machine whose connections a test changes."""

    def __init__(self):
        self.sockets = []
        self.damaged = 0
        self.addresses = frozenset()
        self.looks = []
        self.trouble = None

    def read(self, time_ms):
        self.looks.append(time_ms)
        if self.trouble:
            raise TableUnreadable(self.trouble)
        return Snapshot(time_ms, tuple(self.sockets), self.damaged)


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


@pytest.fixture
def collector(machine, spool, clock):
    edge = frozenset({endpoint("10.0.0.9:8048")})
    return Collector(
        lambda: Watch(machine.read, EPHEMERAL, lambda: edge, lambda: machine.addresses), spool, clock, "vm-1"
    )


@pytest.fixture
def let_pass(collector, clock):
    """Lets time pass, as the agent does: step by step."""

    def run(seconds):
        end = clock.passed() + seconds
        while (wait := collector.step()) is not None and clock.passed() + wait <= end:
            clock.move(wait)
        clock.move(end - clock.passed())

    return run


def intervals(spool):
    """Take out what is in the spool: the records of each interval."""
    found = []
    while (batch := spool.oldest()) is not None:
        found.append([json.loads(line) for line in gzip.decompress(batch.body).splitlines()])
        assert len(found[-1]) == batch.lines
        spool.done(batch)
    return found


def test_nothing_is_looked_at_before_it_is_wanted(collector, machine, spool):
    assert collector.step() is None
    collector.apply(NOTHING)
    assert collector.step() is None
    assert (machine.looks, len(spool)) == ([], 0)


@pytest.mark.parametrize(("interval", "looks"), [(10, 6), (20, 3), (30, 2), (60, 2), (90, 3), (300, 10), (3600, 120)])
def test_looks_are_at_most_half_a_minute_apart(collector, machine, spool, let_pass, interval, looks):
    collector.apply(every(interval))
    time = max(interval, 60)
    let_pass(time)
    collector.step()
    assert len(machine.looks) == 1 + looks
    assert len(spool) == time // interval
    gaps = {later - earlier for earlier, later in zip(machine.looks, machine.looks[1:], strict=False)}
    assert max(gaps) <= 30_000


def test_an_interval_has_what_happened_in_it(collector, machine, spool, let_pass):
    collector.apply(every(60))
    machine.sockets = [connection("10.0.0.4:41000", "10.0.0.5:443", State.TIME_WAIT)]
    let_pass(60)
    machine.sockets = []
    let_pass(60)
    collector.step()
    first, second = intervals(spool)
    assert [(each["links_established"], each["links_terminated"], each["host"]) for each in first] == [(1, 1, "vm-1")]
    assert second == []


def test_what_is_left_out_is_counted_once(collector, machine, spool, let_pass, caplog):
    caplog.set_level("INFO")
    machine.sockets = [connection("127.0.0.1:41000", "127.0.0.1:5432"), connection("10.0.0.4:41000", "10.0.0.9:8048")]
    machine.damaged = 1
    collector.apply(every(60))
    let_pass(60)
    collector.step()
    assert intervals(spool) == [[]]
    assert "left out: 1 connections within the machine, 1 to the edge; 3 damaged lines" in caplog.text


def test_it_stops_when_it_is_told_to_and_keeps_what_it_had(collector, machine, spool, let_pass):
    collector.apply(every(60))
    machine.sockets = [connection("10.0.0.4:41000", "10.0.0.5:443")]
    let_pass(40)
    collector.step()
    collector.apply(NOTHING)
    assert collector.step() is None
    assert [len(records) for records in intervals(spool)] == [1]


def test_beginning_again_it_counts_nothing_that_was_there_before(collector, machine, spool, let_pass):
    machine.sockets = [connection("10.0.0.4:41000", "10.0.0.5:443")]
    collector.apply(every(30))
    collector.apply(NOTHING)
    collector.apply(every(30))
    let_pass(30)
    collector.step()
    [[record]] = intervals(spool)
    assert (record["links_established"], record["links_live"]) == (0, 1)


def test_another_interval_takes_at_once_and_loses_nothing(collector, machine, spool, let_pass):
    collector.apply(every(3600))
    machine.sockets = [connection("10.0.0.4:41000", "10.0.0.5:443", State.TIME_WAIT)]
    let_pass(31)
    collector.apply(every(10))
    let_pass(10)
    collector.step()
    assert [sum(each["links_established"] for each in records) for records in intervals(spool)] == [1, 0]


def test_the_same_settings_again_change_nothing(collector, machine, spool, let_pass):
    collector.apply(every(60))
    let_pass(50)
    collector.apply(every(60)._replace(etag="other"))
    let_pass(10)
    collector.step()
    assert len(spool) == 1
    assert len(machine.looks) == 3


def test_a_look_that_was_missed_is_not_made_up_for(collector, machine, clock):
    collector.apply(every(3600))
    clock.move(100)
    assert collector.step() == 20
    assert len(machine.looks) == 2


def test_what_cannot_be_seen_is_said_once_and_sent_as_nothing_at_all(collector, machine, spool, let_pass, caplog):
    machine.trouble = "No table."
    collector.apply(every(10))
    let_pass(30)
    collector.step()
    assert len(spool) == 0
    assert caplog.text.count("The connection table can't be read: No table.") == 1
    machine.trouble = None
    let_pass(20)
    collector.step()
    assert len(spool) == 1  # the first look only shows what was there before


def test_a_long_interval_is_cut(collector, machine, spool, let_pass):
    collector.apply(every(30))
    machine.sockets = [
        connection(f"10.0.0.4:{41000 + number}", f"10.1.{number // 250}.{1 + number % 250}:443")
        for number in range(RECORDS_MAX + 1)
    ]
    let_pass(30)
    collector.step()
    assert [len(records) for records in intervals(spool)] == [RECORDS_MAX, 1]


def test_at_the_end_it_looks_again(collector, machine, spool, let_pass):
    collector.apply(every(60))
    let_pass(5)
    machine.sockets = [connection("10.0.0.4:41000", "10.0.0.5:443")]
    collector.finish()
    assert [len(records) for records in intervals(spool)] == [1]


def test_the_machines_talk_with_itself_is_left_out_as_its_addresses_are_now(collector, machine, spool, let_pass):
    machine.sockets = [connection("10.0.0.4:41000", "10.1.0.4:5432")]
    collector.apply(every(10))
    let_pass(10)
    machine.addresses = frozenset({"10.0.0.4", "10.1.0.4"})
    let_pass(10)
    assert [len(records) for records in intervals(spool)] == [1, 0]
