from datetime import UTC, datetime, timedelta

import pytest

from gateway.rate_limit import RateLimit

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
PAUSE = timedelta(seconds=30)


@pytest.fixture
def limit():
    return RateLimit(3, PAUSE)


def test_a_few_tries_pass_at_once_and_one_more_after_each_pause(limit):
    assert [limit.take("ada", NOW) for _ in range(4)] == [None, None, None, PAUSE]
    assert limit.take("ada", NOW + PAUSE / 2) == PAUSE / 2
    assert limit.take("ada", NOW + PAUSE) is None
    assert limit.take("ada", NOW + PAUSE) == PAUSE


def test_a_try_that_may_not_pass_does_not_count(limit):
    for _ in range(100):
        limit.take("ada", NOW)
    assert limit.take("ada", NOW + PAUSE) is None


def test_rest_makes_up_for_no_more_than_was_tried(limit):
    limit.take("ada", NOW)
    later = NOW + 100 * PAUSE
    assert [limit.take("ada", later) for _ in range(4)] == [None, None, None, PAUSE]


def test_those_who_wait_have_their_turns_one_after_the_other(limit):
    waits = [limit.reserve("ada", NOW, 2 * PAUSE) for _ in range(7)]
    assert waits == [timedelta(0)] * 3 + [PAUSE, 2 * PAUSE, None, None]
    assert limit.reserve("ada", NOW + PAUSE, 2 * PAUSE) == 2 * PAUSE
    limit.give_back("ada", NOW + PAUSE)
    assert limit.reserve("ada", NOW + PAUSE, 2 * PAUSE) == 2 * PAUSE


def test_kinds_do_not_touch_each_other(limit):
    for _ in range(3):
        limit.take("ada", NOW)
    assert limit.take("ben", NOW) is None


def test_a_try_that_is_given_back_never_was(limit):
    for _ in range(100):
        assert limit.take("ada", NOW) is None
        limit.give_back("ada", NOW)
    limit.give_back("unknown", NOW)


def test_a_kind_whose_try_is_given_back_takes_the_place_of_no_other():
    limit = RateLimit(1, PAUSE, kinds=1)
    limit.take("ada", NOW)
    limit.give_back("ada", NOW)
    limit.take("ben", NOW)
    limit.give_back("ada", NOW)
    assert limit.take("ben", NOW) == PAUSE


def test_a_try_that_is_given_back_leaves_those_before():
    limit = RateLimit(2, PAUSE)
    limit.take("ada", NOW)
    limit.take("ada", NOW)
    limit.give_back("ada", NOW)
    assert [limit.take("ada", NOW) for _ in range(2)] == [None, PAUSE]


def test_it_remembers_no_more_kinds_than_it_is_told_to():
    limit = RateLimit(1, PAUSE, kinds=2)
    for name in ("ada", "ben", "cleo"):
        limit.take(name, NOW)
    assert limit.take("cleo", NOW) == PAUSE
    assert limit.take("ada", NOW) is None
