import threading
import time
from datetime import UTC, datetime, timedelta

from dev.chaos.clock import Ahead, ChaosClock

START = datetime(2031, 5, 1, 10, tzinfo=UTC)


def test_time_starts_where_it_is_told_and_goes_on_for_everybody():
    ahead = Ahead.make()
    ahead.start_at(START)
    clocks = ChaosClock(ahead), ChaosClock(ahead)
    before = clocks[1].monotonic()
    ahead.advance(3600)
    assert all(timedelta(hours=1) <= clock.now() - START < timedelta(hours=1, minutes=1) for clock in clocks)
    assert 3600 <= clocks[1].monotonic() - before < 3660


def test_what_one_worker_spends_passes_for_it_alone():
    ahead = Ahead.make()
    slow, other = ChaosClock(ahead), ChaosClock(ahead)
    slow.spend(30)
    assert 29 < slow.monotonic() - other.monotonic() < 31


def test_waiting_takes_a_hundredth_of_its_time_and_ends_early_when_the_event_is_set():
    clock = ChaosClock(Ahead.make())
    event = threading.Event()
    began = time.monotonic()
    assert not clock.wait(event, 5)
    event.set()
    assert clock.wait(event, 10_000)
    assert 0.05 <= time.monotonic() - began < 5
