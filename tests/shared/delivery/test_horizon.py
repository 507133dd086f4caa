"""The oldest hour that is read, whatever START_FROM and the clock were before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.delivery.horizon import KEPT, Horizon
from shared.flowlog import LogKind
from tests.support.logs import HOUR
from tests.support.time import StillClock

NSG = LogKind.NSG
H = timedelta(hours=1)
FAR = HOUR.replace(year=2062)


class _OneWatermark:
    """A watermark in memory."""

    def __init__(self) -> None:
        self.watermark = None
        self.saves = 0

    def load(self, _):
        return None if self.watermark is None else (self.watermark, str(self.saves))

    def create(self, _, watermark):
        self.watermark = watermark

    def save(self, _, watermark, etag):
        assert etag == str(self.saves)
        self.saves += 1
        self.watermark = watermark
        return str(self.saves)


class _Installation:
    """One watermark, and processes with settings of their own that share it."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.watermarks = _OneWatermark()

    def horizon(self, start_from=None):
        return Horizon(self.watermarks, self.clock, start_from)

    def sweep(self, start_from=None):
        """Have everything found complete up to two hours ago; return the hour that it began at."""
        horizon = self.horizon(start_from)
        watermark, etag = horizon.watermark(NSG)
        moved = watermark.hour
        while moved + 3 * H <= self.clock.now():
            moved += H
        horizon.move(NSG, replace(watermark, hour=moved), etag)
        return watermark.hour


@pytest.fixture
def installation():
    return _Installation()


def test_the_hour_of_installation_is_kept_whatever_start_from_was_in_the_meantime(installation):
    assert installation.horizon().oldest(NSG) == HOUR
    for start_from in (HOUR - 5 * H, HOUR + 3 * H, FAR):
        installation.clock.move(4 * 3600)
        installation.sweep(start_from)
    assert installation.horizon().oldest(NSG) == HOUR
    assert installation.watermarks.watermark.start == HOUR


@pytest.mark.parametrize("installed", [False, True])
def test_a_start_from_in_the_future_counts_as_none(installation, installed):
    if installed:
        installation.sweep()
        installation.clock.move(4 * 3600)
    assert installation.horizon(FAR).oldest(NSG) == HOUR
    assert installation.horizon(FAR).first_hour(NSG) == HOUR
    installation.sweep(FAR)
    assert installation.watermarks.watermark.hour <= installation.clock.now()


def test_an_earlier_start_from_is_gone_back_to_once(installation):
    installation.sweep()
    installation.clock.move(10 * 3600)
    installation.sweep()
    assert installation.sweep(HOUR - 5 * H) == HOUR - 5 * H
    assert installation.sweep(HOUR - 5 * H) == installation.sweep() == HOUR + 8 * H
    assert installation.sweep(HOUR - 6 * H) == HOUR - 6 * H


def test_going_back_is_taken_up_again_after_it_was_broken_off(installation):
    installation.sweep()
    installation.clock.move(10 * 3600)
    installation.sweep()
    assert installation.horizon(HOUR - 5 * H).watermark(NSG)[0].hour == HOUR - 5 * H
    assert installation.horizon(HOUR - 5 * H).watermark(NSG)[0].hour == HOUR - 5 * H


def test_a_later_start_from_is_used_and_leaves_the_watermark_before_it(installation):
    installation.sweep()
    installation.clock.move(10 * 3600)
    later = installation.horizon(HOUR + 4 * H)
    assert later.oldest(NSG) == HOUR + 4 * H
    assert later.first_hour(NSG) == HOUR + 4 * H
    assert later.watermark(NSG)[0].hour == HOUR


def test_hours_that_a_later_start_from_passed_over_are_gone_back_to_without_it(installation):
    installation.sweep()
    installation.clock.move(10 * 3600)
    installation.sweep(HOUR + 4 * H)
    assert installation.sweep() == HOUR


def test_nothing_is_read_from_more_than_thirty_five_days_ago(installation):
    installation.sweep()
    installation.clock.move(KEPT.total_seconds() + 7 * 3600)
    assert installation.horizon().oldest(NSG) == HOUR + 7 * H
    assert installation.horizon(HOUR - 9 * H).oldest(NSG) == HOUR + 7 * H
    assert installation.horizon().watermark(NSG)[0].hour == HOUR + 7 * H


def test_a_start_from_that_is_older_than_thirty_five_days_does_not_send_every_sweep_back(installation):
    installation.sweep(HOUR - 90 * 24 * H)
    installation.clock.move(3600)
    assert installation.sweep(HOUR - 90 * 24 * H) == HOUR - 2 * H


def test_an_installation_by_a_clock_that_was_ahead_is_put_right(installation):
    installation.clock.move(30 * 24 * 3600)
    installation.sweep()
    installation.clock.move(-30 * 24 * 3600)
    assert installation.sweep() == HOUR
    installation.clock.move(5 * 3600)
    assert installation.horizon().oldest(NSG) == HOUR
    assert installation.sweep() == HOUR


def test_what_a_clock_that_was_ahead_wrote_is_taken_back_for_good(installation):
    installation.sweep()
    installation.clock.move(30 * 24 * 3600)
    installation.sweep()
    installation.clock.move(-29 * 24 * 3600)
    assert installation.horizon().watermark(NSG)[0].hour == HOUR + 22 * H
    installation.clock.move(5 * 3600)
    assert installation.horizon().watermark(NSG)[0].hour == HOUR + 22 * H


def test_asking_for_the_oldest_hour_or_the_first_writes_no_more_than_the_first_watermark(installation):
    installation.horizon().first_hour(NSG)
    assert installation.watermarks.watermark is None
    installation.horizon(HOUR - H).oldest(NSG)
    assert installation.watermarks.watermark is not None
    installation.horizon(HOUR - 5 * H).oldest(NSG)
    assert installation.watermarks.saves == 0
