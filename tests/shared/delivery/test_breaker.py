import pytest

from shared.delivery.batch import Batch
from shared.delivery.breaker import Breaker, Refusals
from shared.errors import UnexpectedAnswer
from tests.support.time import StillClock

BATCH, LINE, BATCH_OF_ONE = Batch((0,), ["a", "b"]), Batch((0, 1), ["b"]), Batch((3,), ["b"])


def test_a_gateway_that_never_failed_may_be_asked():
    assert Breaker(StillClock()).pause_left == 0


def test_pauses_double_from_one_minute_to_ten_while_it_keeps_failing():
    clock = StillClock()
    breaker = Breaker(clock)
    pauses = []
    for _ in range(6):
        breaker.failed()
        pauses.append(breaker.pause_left)
        clock.move(breaker.pause_left)
    assert pauses == [60, 120, 240, 480, 600, 600]


def test_a_batch_that_is_taken_makes_the_next_pause_short_again():
    clock = StillClock()
    breaker = Breaker(clock)
    breaker.failed()
    clock.move(60)
    breaker.worked()
    breaker.failed()
    assert breaker.pause_left == 60


@pytest.mark.parametrize(("asked", "pause"), [(5, 60), (300, 300), (86400, 600)])
def test_a_pause_is_as_long_as_the_gateway_asks_between_one_minute_and_ten(asked, pause):
    breaker = Breaker(StillClock())
    breaker.failed(asked)
    assert breaker.pause_left == pause


def test_failures_of_several_invocations_at_once_count_as_one():
    breaker = Breaker(StillClock())
    for _ in range(4):
        breaker.failed()
    assert breaker.pause_left == 60


def test_two_whole_batches_of_a_log_refused_in_a_row_are_the_gateways_fault():
    refusals = Refusals()
    refusals.refused(BATCH, "log")
    with pytest.raises(UnexpectedAnswer):
        refusals.refused(BATCH, "log")


def test_batches_of_several_logs_at_once_may_each_have_a_bad_line():
    refusals = Refusals()
    for log in range(10):
        refusals.refused(BATCH, str(log))
    with pytest.raises(UnexpectedAnswer):
        refusals.refused(BATCH, "3")


def test_the_halves_of_a_batch_are_no_whole_batches():
    refusals = Refusals()
    for half in (Batch((0, 0), ["a", "b"]), Batch((0, 1), ["c", "d"]), Batch((0, 1, 0), ["c", "d"])):
        refusals.refused(half, "log")
    refusals.refused(BATCH, "log")


def test_a_batch_accepted_in_between_clears_the_count():
    refusals = Refusals()
    for _ in range(5):
        refusals.refused(BATCH)
        refusals.accepted()


@pytest.mark.parametrize("line", [LINE, BATCH_OF_ONE])
def test_a_hundred_lines_refused_in_a_row_are_the_gateways_fault(line):
    refusals = Refusals()
    for number in range(99):
        refusals.refused(line, str(number % 3))
    with pytest.raises(UnexpectedAnswer):
        refusals.refused(line)


def test_after_a_fault_counting_begins_again():
    refusals = Refusals()
    for _ in range(3):
        refusals.refused(BATCH, "log")
        for _ in range(98):
            refusals.refused(LINE, "log")
        with pytest.raises(UnexpectedAnswer):
            refusals.refused(BATCH, "log")
