from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.hours import Hours, hours_between, is_over, is_settled
from shared.flowlog import day_prefix, hour_prefix
from tests.support.logs import HOUR, log_blob

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def hour(number: int) -> datetime:
    return DAY + timedelta(hours=number)


@given(st.integers(0, 100), st.integers(0, 100))
def test_stretches_follow_each_other_without_a_gap(first, length):
    found = list(hours_between(hour(first), hour(first + length)))
    edges = [each.start for each in found] + [hour(first + length)]
    assert edges[0] == hour(first)
    assert [each.end for each in found] == edges[1:]


def test_whole_days_go_in_one_and_what_is_left_goes_hour_by_hour():
    found = list(hours_between(hour(23), hour(50)))
    assert found == [Hours(hour(23), hour(24)), Hours(hour(24), hour(48))] + [
        Hours(hour(number), hour(number + 1)) for number in (48, 49)
    ]


def test_an_hour_that_has_begun_is_part_of_it():
    assert list(hours_between(hour(0), hour(0) + timedelta(minutes=1))) == [Hours(hour(0), hour(1))]


def test_a_stretch_is_listed_by_its_hour_or_its_day():
    assert Hours(hour(3), hour(4)).prefix("r=a") == hour_prefix("r=a", hour(3))
    assert Hours(hour(0), hour(24)).prefix("r=a") == day_prefix("r=a", DAY.date())


def test_an_hour_is_over_an_hour_after_it_began():
    assert not is_over(log_blob(), HOUR + timedelta(minutes=59))
    assert is_over(log_blob(), HOUR + timedelta(hours=1))


def test_an_hour_is_settled_some_minutes_after_its_end():
    end = HOUR + timedelta(hours=1)
    assert not is_settled(log_blob(), end + timedelta(minutes=14))
    assert is_settled(log_blob(), end + timedelta(minutes=15))
