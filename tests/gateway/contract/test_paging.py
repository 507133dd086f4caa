from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import AHEAD, from_ms
from gateway.traffic.freshness import Freshness
from gateway.traffic.paging import FIRST, LAST, Cursor, Way
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from tests.gateway.contract.made_up import HOUR, NOON

NO_CURSORS = ["older:1.2", "older:1.2.3.4", "older:-1.2.3", f"older:{2**63}.0.0", "newer:²..", ":"]
ALL = Question(1, NOON, NOON + HOUR, Search())


def walk(stored, cursor, onward, size, question=ALL):
    pages = []
    while cursor is not None:
        pages.append(stored.records.page(question, cursor, size))
        cursor = onward(pages[-1])
    return pages


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.long), 7, 50, 239, 240, 241, 1000])
def test_going_older_from_the_first_page_shows_every_record_once_newest_first(stored, size):
    pages = walk(stored, FIRST, lambda each: each.older, size)
    shown = [kept.record for each in pages for kept in each.records]
    assert Counter(map(repr, shown)) == Counter(map(repr, stored.of[1]))
    assert [each["time"] for each in shown] == sorted((each["time"] for each in shown), reverse=True)
    assert all(len(each.records) == size for each in pages[:-1])
    assert shown == list(stored.records.every(ALL))


@pytest.mark.parametrize("size", [7, 240, 1000])
def test_going_newer_from_the_last_page_shows_the_same_the_other_way_round(stored, size):
    pages = walk(stored, LAST, lambda each: each.newer, size)
    shown = [kept.record for each in reversed(pages) for kept in each.records]
    assert shown == list(stored.records.every(ALL))


def test_a_page_back_is_the_page_that_was_left(stored):
    first = stored.records.page(ALL, FIRST, 50)
    second = stored.records.page(ALL, first.older, 50)
    assert stored.records.page(ALL, second.newer, 50).records == first.records


def test_the_ends_say_that_they_are_ends(stored):
    first, last = stored.records.page(ALL, FIRST, 50), stored.records.page(ALL, LAST, 50)
    assert first.newer is None
    assert last.older is None
    whole = stored.records.page(ALL, FIRST, 1000)
    assert (whole.newer, whole.older) == (None, None)
    empty = stored.records.page(Question(1, NOON, NOON + HOUR, parse("rule:nothing")))
    assert (empty.records, empty.newer, empty.older) == ((), None, None)


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.long), 7, 1000])
@pytest.mark.parametrize("steps", [1, 10, 10_000_000])
def test_all_is_exported_newest_first_however_the_time_is_cut(stored, monkeypatch, size, steps):
    monkeypatch.setattr("gateway.stores.duckdb.paging._SLICE", size)
    monkeypatch.setattr("gateway.stores.duckdb.paging._STEPS", steps)
    exported = list(stored.records.every(ALL))
    assert exported == [kept.record for kept in stored.records.page(ALL, FIRST, 10_000).records]
    assert Counter(map(repr, exported)) == Counter(map(repr, stored.of[1]))


@given(st.builds(Cursor, st.sampled_from(Way), st.none() | st.tuples(*[st.integers(0, 2**63 - 1)] * 3)))
def test_a_cursor_is_read_as_it_was_written(cursor):
    assert Cursor.parse(str(cursor)) == cursor


@given(
    st.text() | st.sampled_from(["older:1.2", "older:1.2.3.4", "older:-1.2.3", f"older:{2**63}.0.0", "newer:²..", ":"])
)
def test_anything_else_is_no_cursor(text):
    with suppress(ValueError):
        assert str(Cursor.parse(text)) == text


def test_freshness_tells_the_first_and_last_record_and_the_last_post(stored):
    times = [each["time"] for each in stored.of[1]]
    now = from_ms(max(times))
    assert stored.records.freshness(1, now) == Freshness(min(times), max(times), max(times), NOON + HOUR + 10 * 60_000)
    assert stored.records.freshness(3, now) is None


def test_a_record_of_the_future_says_nothing_of_freshness(stored):
    times = sorted(each["time"] for each in stored.of[1])
    earlier = times[len(times) // 2]
    fresh = stored.records.freshness(1, from_ms(earlier) - AHEAD)
    assert (fresh.last, fresh.newest) == (times[-1], earlier)
    assert stored.records.freshness(1, from_ms(times[0] - 1) - AHEAD).newest is None
