from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.pace import NEW, Pace

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SENDER, OTHER = 1, 2


@pytest.fixture
def pace():
    """Take ten records a second of a customer, and forty at once."""
    return Pace(10)


def test_whoever_posts_alone_never_waits(pace):
    for _ in range(100):
        assert pace.wait(SENDER, NOW) is None
        pace.count(SENDER, 1000, 1000, NOW)


def test_a_customer_waits_until_its_posts_are_made_up_for_once_another_posts_too(pace):
    pace.wait(OTHER, NOW)
    pace.count(SENDER, 40, 0, NOW)
    assert pace.wait(SENDER, NOW) is None
    pace.count(SENDER, 10, 0, NOW)
    assert pace.wait(SENDER, NOW) == SECOND
    assert pace.wait(SENDER, NOW + SECOND / 2) == SECOND / 2
    assert pace.wait(SENDER, NOW + SECOND) is None


def test_the_other_never_waits_for_it(pace):
    pace.wait(SENDER, NOW)
    pace.count(SENDER, 1000, 1000, NOW)
    assert pace.wait(OTHER, NOW) is None


def test_whatever_is_new_asks_for_more_than_records_do(pace):
    pace.wait(OTHER, NOW)
    pace.count(SENDER, 0, 3, NOW)
    assert pace.wait(SENDER, NOW) == 3 * NEW * SECOND / 10 - 4 * SECOND


def test_whoever_has_posted_alone_for_long_waits_half_a_minute_at_most(pace):
    pace.count(SENDER, 1_000_000, 0, NOW)
    pace.wait(OTHER, NOW)
    assert pace.wait(SENDER, NOW) == 30 * SECOND
    assert pace.wait(SENDER, NOW - timedelta(hours=1)) == 30 * SECOND, "The clock was set back."


def test_another_who_has_not_posted_for_ten_seconds_makes_nobody_wait(pace):
    pace.wait(OTHER, NOW)
    pace.count(SENDER, 300, 0, NOW)
    assert pace.wait(SENDER, NOW + 10 * SECOND) == 16 * SECOND
    assert pace.wait(SENDER, NOW + 11 * SECOND) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3), st.integers(0, 5)), max_size=60))
def test_no_more_is_taken_than_the_pace_allows_and_what_it_allows_is_taken(steps):
    pace, now, saved = Pace(10), NOW, 40.0
    for records, new, pause in steps:
        now += pause * SECOND
        saved = min(40.0, saved + 10 * pause)
        pace.wait(OTHER, now)
        waits = pace.wait(SENDER, now) is not None
        assert waits == (saved < 0)
        if not waits:
            pace.count(SENDER, records, new, now)
            saved = max(saved - records - NEW * new, -300.0)
