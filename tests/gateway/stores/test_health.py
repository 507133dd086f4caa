import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stores.health import TRY_EVERY, Health, StillFailingError
from gateway.stores.stores import open_stores

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


class _Disk:
    """What a small write meets."""

    def __init__(self):
        self.full = True
        self.writes = 0

    def write(self):
        self.writes += 1
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")


def _is_healthy(health, disk, now):
    try:
        health.check(now, disk.write)
    except (sqlite3.Error, StillFailingError):
        return False
    return True


def test_nothing_is_written_while_all_is_well():
    health, disk = Health(), _Disk()
    assert _is_healthy(health, disk, NOW)
    assert disk.writes == 0


def test_however_many_ask_one_write_is_tried_in_ten_seconds():
    health, disk = Health(), _Disk()
    health.failed(NOW)
    for second in range(30):
        for _ in range(100):
            assert not _is_healthy(health, disk, NOW + timedelta(seconds=second))
    assert disk.writes == 3


def test_a_write_that_succeeds_says_that_posts_can_be_stored_again():
    health, disk = Health(), _Disk()
    health.failed(NOW)
    assert not _is_healthy(health, disk, NOW)
    disk.full = False
    assert not _is_healthy(health, disk, NOW + TRY_EVERY / 2)
    assert _is_healthy(health, disk, NOW + TRY_EVERY)
    assert health.failing_since is None


def test_a_post_that_is_stored_says_so_at_once():
    health, disk = Health(), _Disk()
    health.failed(NOW)
    assert not _is_healthy(health, disk, NOW)
    health.stored()
    assert _is_healthy(health, disk, NOW)


def test_posts_that_fail_again_and_again_cause_no_more_writes():
    health, disk = Health(), _Disk()
    disk.full = False
    for _ in range(100):
        health.failed(NOW)
        _is_healthy(health, disk, NOW)
    assert disk.writes == 1


def test_a_post_that_fails_while_the_write_is_under_way_is_not_forgotten():
    health = Health()
    health.failed(NOW)
    health.check(NOW, lambda: health.failed(NOW))
    assert health.failing_since == NOW


def test_a_clock_that_is_set_back_holds_up_no_write():
    health, disk = Health(), _Disk()
    health.failed(NOW)
    _is_healthy(health, disk, NOW)
    _is_healthy(health, disk, NOW - timedelta(days=1))
    assert disk.writes == 2


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["fail", "store", "ask"])), max_size=60))
def test_writes_are_never_closer_than_they_may_be(events):
    health, written, now = Health(), [], NOW
    for seconds, event in events:
        now += timedelta(seconds=seconds)
        if event == "fail":
            health.failed(now)
        elif event == "store":
            health.stored()
        else:
            _ = _is_healthy(health, _Noting(written, now), now)
    assert all(later - earlier >= TRY_EVERY for earlier, later in pairwise(written))


class _Noting:
    def __init__(self, written, now):
        self._written, self._now = written, now

    def write(self):
        self._written.append(self._now)
        raise sqlite3.OperationalError("database is locked")


@pytest.mark.parametrize("store", ["records", "database"])
def test_the_small_write_meets_what_a_post_would_meet(tmp_path, store):
    with open_stores(tmp_path) as stores:
        log = tmp_path / {"records": "records.duckdb.wal", "database": "accounts.sqlite-wal"}[store]
        before = log.stat().st_size if log.exists() else 0
        getattr(stores, store).touch()
        assert log.stat().st_size > before


def test_a_lock_on_the_accounts_shows(tmp_path):
    with open_stores(tmp_path) as stores, closing(sqlite3.connect(tmp_path / "accounts.sqlite")) as other:
        stores.database.run("PRAGMA busy_timeout = 0")
        stores.health.failed(NOW)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            stores.check(NOW)
        other.rollback()
        stores.check(NOW + TRY_EVERY)
