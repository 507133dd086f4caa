"""Every record arrives once, whatever happens; and the harness that says so would notice if it did not."""

import pytest

from dev.chaos import set_pieces
from dev.chaos.draw import draw
from dev.chaos.play import play
from dev.chaos.safeguards import Safeguards
from dev.chaos.steps import Blow
from dev.chaos.verdict import expectation, judge
from shared.delivery.report import Outcome
from tests.long import first_of_each


def verdict(schedule, world, safeguards=None):
    played = play(schedule, world, safeguards)
    return judge(expectation(schedule), played.observation, calm=schedule.calm)


@pytest.mark.parametrize("seed", first_of_each(range(1, 16), 15))
def test_everything_arrives_once(seed, world):
    assert not list(verdict(draw(seed), world).sentences())


def test_with_the_key_a_lost_reply_does_no_harm(world):
    assert verdict(set_pieces.lost_reply(), world).passed


def test_without_the_key_a_lost_reply_stores_records_twice(world):
    found = verdict(set_pieces.lost_reply(), world, Safeguards(key=False))
    assert found.doubled
    assert not found.lost


def test_with_the_fence_a_worker_that_comes_back_does_no_harm(world):
    schedule = set_pieces.frozen_while_halving()
    played = play(schedule, world)
    assert judge(expectation(schedule), played.observation, calm=False).passed
    assert [trap.blow for trap in played.crew.blows] == [Blow.FREEZE]


def test_without_the_fence_a_worker_that_comes_back_stores_records_twice(world):
    found = verdict(set_pieces.frozen_while_halving(), world, Safeguards(fence=False))
    assert found.doubled
    assert not found.lost


def test_without_the_fence_events_at_once_send_everything_twice(world):
    assert verdict(set_pieces.events_at_once(), world).passed
    assert verdict(set_pieces.events_at_once(), world, Safeguards(fence=False)).sent_twice


def test_the_claim_of_a_dead_worker_ends_and_its_log_is_delivered(world):
    played = play(set_pieces.dead_holder(), world)
    assert not list(judge(expectation(set_pieces.dead_holder()), played.observation, calm=False).sentences())
    assert played.crew.outcomes[Outcome.HELD_ELSEWHERE] == 1
    assert played.crew.outcomes[Outcome.DELIVERED] == 1
