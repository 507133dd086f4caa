from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from gateway.clock import to_ms
from gateway.console.figures import written
from gateway.console.links import moved_url, records_url, view_url, without_url
from gateway.console.traffic.columns import COLUMNS, DEFAULT_COLUMNS
from gateway.console.traffic.rows import Row
from gateway.console.traffic.view import PRESETS, read_view
from gateway.traffic.fields import DECISION
from gateway.traffic.search import TERMS_MAX, parse
from gateway.traffic.terms import Words
from shared.flowlog.record import TIME_END_MS, TIME_MIN_MS
from tests.gateway.traffic.searches import SEARCHES, TERMS

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
FIRST, LAST = 1_795_000_000_000, 1_795_400_000_000


def read(query, recorded=(FIRST, LAST)):
    return read_view(QueryParams(query), NOW, recorded)


def again(address):
    return read(address.partition("?")[2])


def test_without_anything_it_is_everything_of_the_last_24_hours():
    view = read("")
    assert (view.start, view.end) == (to_ms(NOW - timedelta(hours=24)), to_ms(NOW))
    assert (view.search, view.columns, view.problems) == (parse(""), DEFAULT_COLUMNS, {})
    assert view_url(view, "/traffic") == "/traffic?"


@pytest.mark.parametrize(("preset", "hours"), [("1h", 1), ("6h", 6), ("24h", 24), ("7d", 168)])
def test_a_preset_ends_now(preset, hours):
    view = read(f"range={preset}")
    assert (view.start, view.end) == (to_ms(NOW - timedelta(hours=hours)), to_ms(NOW))


def test_all_time_is_from_the_first_record_to_the_last():
    view = read("range=all")
    assert (view.start, view.end) == (FIRST, LAST + 1)
    empty = read("range=all", None)
    assert empty.start < empty.end
    assert not empty.problems


@pytest.mark.parametrize(
    "text", ["2026-11-23T12:00Z", "2026-11-23T12:00", "2026-11-23 12:00:00", "2026-11-23T13:00+01:00", "20261123T12Z"]
)
def test_times_are_utc_unless_they_say_otherwise(text):
    view = read(QueryParams({"from": text, "to": "2026-11-23T14:00Z", "range": "7d"}))
    assert (written(view.start), written(view.end)) == ("2026-11-23T12:00Z", "2026-11-23T14:00Z")
    assert view.preset == ""


def test_one_end_is_enough():
    assert (read("from=2026-11-23T12:00Z").start, read("from=2026-11-23T12:00Z").end) == (
        to_ms(NOW - timedelta(hours=3, minutes=30)),
        to_ms(NOW),
    )
    assert (read("to=2026-11-23").start, read("to=2026-11-23").end) == (FIRST, 1_795_392_000_000)


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("q=sorce:1", "q", "is not a search key"),
        ("range=1y", "range", "Choose one of 1h, 6h, 24h, 7d, all"),
        ("from=yesterday", "from", "Enter one like 2026-11-23T15:30Z."),
        ("to=25:00", "to", "is not a valid time"),
        ("from=1999-12-31", "from", "years 2000 to 2099"),
        ("from=0001-01-01T00:00%2B14:00", "from", ""),
        ("from=0001-01-01T00:00%2B23:59", "from", "years 2000 to 2099"),
        ("to=9999-12-31T23:59-23:59", "to", "years 2000 to 2099"),
        ("from=2026-11-23&to=2026-11-23", "to", "Enter a later one."),
        ("columns=time,secret", "columns", "no column 'secret'"),
    ],
)
def test_a_bad_value_is_a_sentence_at_its_field(query, field, words):
    view = read(query)
    assert list(view.problems) == [field]
    assert words in view.problems[field]
    assert view.problems[field].endswith(".")
    assert view_url(view.fixed(), "/traffic")


def test_columns_keep_their_order_however_they_are_asked_for():
    assert read("columns=rule,time").columns == ("time", "rule")
    assert read("columns=rule&columns=time").columns == ("time", "rule")
    assert read("columns=").columns == DEFAULT_COLUMNS


@given(st.dictionaries(st.sampled_from(["q", "range", "from", "to", "columns"]), st.text()))
def test_no_value_raises_anything(parameters):
    view = read(QueryParams(parameters))
    assert all(view.problems.values())


@given(
    SEARCHES,
    st.sampled_from([*PRESETS, ""]),
    st.integers(TIME_MIN_MS, TIME_END_MS - 2),
    st.sets(st.sampled_from(list(COLUMNS))),
    TERMS,
)
def test_the_address_holds_all_of_the_state(search, preset, start, columns, term):
    parameters = {"q": str(search), "range": preset, "columns": ",".join(columns)}
    if not preset:
        parameters |= {"from": written(start), "to": written(start + 1)}
    view = read(QueryParams(parameters))
    assert not view.problems
    assert again(view_url(view, "/traffic")) == view
    rows = again(records_url(view, term))
    assert (rows.start, rows.end, rows.columns) == (view.start, view.end, view.columns)
    assert set(rows.search.terms) == {*view.search.terms, term}


def test_a_term_is_taken_away():
    view = read("q=src:10.0.0.4 dport:22 -decision:deny")
    assert again(without_url(view, 1)).text == "src:10.0.0.4 -decision:deny"


def test_a_span_is_moved_and_stretched():
    view = read("from=2026-11-23T12:00Z&to=2026-11-23T14:00Z")
    assert moved_url(view, "/timeline", 1, -1) == "/timeline?from=2026-11-23T10:00Z&to=2026-11-23T12:00Z"
    assert moved_url(view, "/timeline", 2, 0) == "/timeline?from=2026-11-23T11:00Z&to=2026-11-23T15:00Z"
    assert not again(moved_url(read(f"from={written(TIME_MIN_MS)}&to={written(TIME_END_MS)}"), "", 2, 1)).problems


@pytest.mark.parametrize(("start", "end"), [(TIME_MIN_MS, TIME_MIN_MS + 1), (TIME_END_MS - 1, TIME_END_MS)])
@pytest.mark.parametrize(("factor", "shift"), [(1, -1), (1, 1), (0.5, 0), (2, 0), (1, 1000)])
def test_a_span_is_not_moved_out_of_the_time_of_records(start, end, factor, shift):
    moved = again(moved_url(read(f"from={written(start)}&to={written(end)}"), "", factor, shift))
    assert not moved.problems


@pytest.mark.parametrize("time", [TIME_MIN_MS, TIME_END_MS - 1])
def test_what_is_around_the_first_and_the_last_possible_record_can_be_asked_for(time):
    assert not again(Row({"time": time}, (time, 1, 0), read("")).around_url()).problems


def test_nothing_leads_to_a_search_of_more_terms_than_one_may_have():
    full = read("q=" + "+".join(f"port:{number}" for number in range(TERMS_MAX)))
    assert len(full.search.terms) == TERMS_MAX
    assert not full.problems
    assert records_url(full, Words(DECISION, ("deny",))) is None
