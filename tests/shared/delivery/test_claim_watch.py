"""A claim whose end is told wrongly, by a clock or by hand, keeps nobody off for long."""

from dataclasses import replace

import pytest

from shared.delivery.report import Outcome
from shared.storage.entry import Entry
from shared.storage.storage_clock import StorageClock


@pytest.fixture
def log(world):
    log = world.log()
    log.minute(1)
    world.event(log)
    log.minute(2)
    return log


def held_until(world, log, until: float) -> Entry:
    entry = world.checkpoints.read(log.log)
    return world.checkpoints.replace(log.log, replace(entry, holder="somebody", until=until), entry)


@pytest.mark.parametrize("until", [4e9, float("inf")])
def test_a_claim_that_never_ends_is_taken_over_once_it_was_seen_unchanged_for_as_long_as_claims_last(world, log, until):
    held_until(world, log, until)
    worker = world.process()
    for seconds, outcome in ((0, Outcome.HELD_ELSEWHERE), (74, Outcome.HELD_ELSEWHERE), (1, Outcome.DELIVERED)):
        world.clock.move(seconds)
        assert world.event(log, worker).outcome is outcome
    assert world.stored == [1, 2]


def test_a_claim_that_is_prolonged_is_not_taken_over(world, log):
    worker = world.process()
    for minutes in range(4):
        held_until(world, log, 4e9 + minutes)
        assert world.event(log, worker).outcome is Outcome.HELD_ELSEWHERE
        world.clock.move(60)
    assert world.stored == [1]


def test_a_holder_believes_its_own_clock_where_storage_tells_a_time_long_past(world, log):
    with world.held(log) as claim:
        world.clock.move(30)
        StorageClock.note(world.storage_clock, world.clock.now().timestamp() - 7200, world.clock.monotonic())
        assert claim.attempt_seconds() == pytest.approx(15.0)
