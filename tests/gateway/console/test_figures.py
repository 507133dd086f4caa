from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import to_ms
from gateway.console.figures import (
    clock_time,
    day,
    grouped,
    minute,
    percent,
    share,
    shortened,
    since,
    size,
    time_of_day,
)

MOMENT = to_ms(datetime(2026, 11, 23, 15, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (1234, "1.23 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (10**18, "1.00 EB"),
        (2 * 10**21, "2,000 EB"),
    ],
)
def test_a_size_has_three_digits_and_a_unit(count, text):
    assert size(count) == text


def test_numbers_are_grouped():
    assert grouped(1234567) == "1,234,567"


def test_moments_are_utc_and_as_long_as_they_must_be():
    assert clock_time(MOMENT + 7) == "2026-11-23 15:30:00.007"
    assert (day(MOMENT), time_of_day(MOMENT), time_of_day(MOMENT + 7)) == ("2026-11-23", "15:30:00", "15:30:00.007")
    assert minute(MOMENT) == "2026-11-23 15:30"
    assert minute(MOMENT + 1000) == "2026-11-23 15:30:01"
    assert minute(MOMENT + 7) == "2026-11-23 15:30:00.007"


def test_what_lies_ahead_is_no_time_ago():
    now = datetime(2026, 11, 23, 15, 31, tzinfo=UTC)
    assert since(MOMENT, now) == timedelta(minutes=1)
    assert since(MOMENT + 120_000, now) == timedelta()


def test_a_share_of_nothing_is_nothing():
    assert share(1, 4) == 25.0
    assert share(0, 0) == 0.0


def test_what_is_there_never_looks_like_nothing():
    assert [percent(number) for number in (0, 0.049, 0.05, 33.333, 100)] == [
        "0.0 %",
        "<0.1 %",
        "0.1 %",
        "33.3 %",
        "100.0 %",
    ]


def test_what_cannot_be_seen_in_a_name_is_made_visible():
    assert shortened("rule\u202e\u2066x\x00\n") == r"rule\u202e\u2066x\u0000\u000a"
    assert shortened("İstanbul 東京 é") == "İstanbul 東京 é"


def test_a_text_is_whole_unless_it_is_longer_than_records_may_have_it():
    assert shortened("x" * 1024) == "x" * 1024
    assert shortened("x" * 1025) == f"{'x' * 1024}…"
