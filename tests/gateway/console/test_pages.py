from datetime import UTC, datetime, timedelta

import pytest

from gateway.console.pages import moment, span


def test_a_moment_names_its_zone():
    assert moment(datetime(2026, 11, 23, 5, 3, 9, tzinfo=UTC)) == "2026-11-23 05:03:09 UTC"


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=0), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=61, seconds=5), "1 h 1 min"),
        (timedelta(days=347, hours=5, minutes=20), "347 d 5 h"),
        (timedelta(hours=24, seconds=5), "1 d 5 s"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(time, text):
    assert span(time) == text
