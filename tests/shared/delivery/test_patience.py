import pytest

from shared.delivery.patience import Patience
from shared.errors import RetryLater, TooLarge
from tests.support.time import StillClock


class Attempts:
    """Raises what it is given, one an attempt, then succeeds."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_what_succeeds_at_once_is_tried_once():
    patience = Patience(clock := StillClock(), clock.deadline())
    assert patience.insist(Attempts()) == "done"
    assert (patience.retries, clock.waits) == (0, [])


def test_waits_grow_but_stay_below_their_ceilings():
    clock = StillClock()
    patience = Patience(clock, clock.deadline(1e6))
    patience.insist(Attempts(*[RetryLater("busy")] * 10))
    assert patience.retries == 10
    assert all(0 <= wait <= min(0.5 * 2**number, 30) for number, wait in enumerate(clock.waits))
    assert max(clock.waits) > 0.5


def test_retry_after_is_honoured():
    clock = StillClock()
    Patience(clock, clock.deadline()).insist(Attempts(RetryLater("busy", 17.0), RetryLater("busy", 0.0)))
    assert 17.0 <= clock.waits[0] <= 17.5
    assert 0.0 <= clock.waits[1] <= 1.0


def test_a_gateway_that_asks_for_no_wait_is_not_hammered():
    clock = StillClock()
    Patience(clock, clock.deadline()).insist(Attempts(*[RetryLater("busy", 0.0)] * 12))
    assert sum(clock.waits) > 5


def test_a_wait_beyond_the_time_budget_is_not_begun():
    clock = StillClock()
    with pytest.raises(RetryLater) as given_up:
        Patience(clock, clock.deadline(60)).insist(Attempts(RetryLater("busy", 61.0)))
    assert given_up.value.wait == 61.0
    assert clock.waits == []


def test_it_gives_up_when_the_budget_is_spent():
    clock = StillClock()
    with pytest.raises(RetryLater):
        Patience(clock, clock.deadline(60)).insist(Attempts(*[RetryLater("busy")] * 10_000))
    assert sum(clock.waits) <= 60


def test_a_halt_ends_the_waiting():
    clock = StillClock()
    patience = Patience(clock, clock.deadline())
    patience.halted.set()
    with pytest.raises(RetryLater):
        patience.insist(Attempts(RetryLater("busy")))


def test_only_what_can_be_retried_is():
    clock = StillClock()
    with pytest.raises(TooLarge):
        Patience(clock, clock.deadline()).insist(Attempts(TooLarge("413")))
    assert clock.waits == []


def test_who_has_something_to_see_to_does_so_every_few_seconds_of_waiting():
    clock, kept = StillClock(), []
    patience = Patience(clock, clock.deadline())
    patience.insist(Attempts(RetryLater("busy", 35.0)), lambda: kept.append(clock.monotonic()))
    assert [moment - 1000 for moment in kept] == [10, 20, 30]
    assert 35.0 <= sum(clock.waits) <= 35.5
