import threading
from contextlib import contextmanager

import pytest

from gateway.stores.duckdb import reading as store
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.duckdb.watch import TooSlowError

ENDLESS = "SELECT count(*) FROM range(1_000_000_000_000) AS numbers(n) WHERE n % 7 = 3"


@pytest.fixture
def records(tmp_path):
    opened = DuckDBRecords.open(tmp_path / "records.duckdb")
    yield opened
    opened.close()


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_a_query_that_takes_too_long_is_stopped(records, seconds):
    with pytest.raises(TooSlowError, match=rf"longer than {seconds:g} s"):
        list(records.asked_by_people(seconds).rows(ENDLESS, []))


def test_a_query_that_nobody_waits_for_any_more_is_stopped(records):
    left = threading.Event()
    threading.Timer(0.1, left.set).start()
    with pytest.raises(TooSlowError):
        list(records.asked_by_people(60, left).rows(ENDLESS, []))


def test_after_it_the_store_answers_as_before(records):
    hurried = records.asked_by_people(0.05)
    with pytest.raises(TooSlowError):
        list(hurried.rows(ENDLESS, []))
    assert list(records.rows("SELECT 1", [])) == [(1,)]
    assert list(records.asked_by_people(60).rows("SELECT 1", [])) == [(1,)]


def test_an_end_that_comes_a_moment_after_the_query_is_the_end_of_its_rows(records, monkeypatch):
    @contextmanager
    def late(_patience, cursor):
        yield
        cursor.interrupt()

    monkeypatch.setattr(store, "stopped_after", late)
    with pytest.raises(TooSlowError):
        list(records.asked_by_people(60).rows("SELECT range FROM range(1000000)", []))
