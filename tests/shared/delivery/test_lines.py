import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from shared.delivery.lines import Lines
from shared.delivery.report import Outcome, Report, Tally
from tests.support.time import StillClock


def report(outcome=Outcome.DELIVERED, milliseconds=30, message="", **counts):
    return Report("container/name", outcome, Tally(**counts), milliseconds, message)


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def logged(caplog):
    """Gives the lines that were logged since it was last asked."""
    caplog.set_level(logging.INFO, logger="sluice")

    def lines():
        found = [orjson.loads(record.getMessage()) for record in caplog.records]
        caplog.clear()
        return found

    return lines


def usual():
    return report(bytes=1000, tuples=2, records=2, posts=1, lag_seconds=1.5)


def test_what_has_nothing_to_tell_is_counted_and_told_with_the_first_invocation_after_a_minute(clock, logged):
    lines = Lines(clock, each=False)
    for _ in range(3):
        lines.log(usual())
        clock.move(19)
    assert logged() == []
    clock.move(3)
    lines.log(report(Outcome.NOTHING_NEW, milliseconds=10))
    assert logged() == [
        {
            "outcome": "summary",
            "seconds": 60,
            "delivered_invocations": 3,
            "nothing_new_invocations": 1,
            "bytes": 3000,
            "tuples": 6,
            "records": 6,
            "posts": 3,
            "lag_seconds_p50": 1.5,
            "lag_seconds_p95": 1.5,
            "lag_seconds_p100": 1.5,
            "ms_p50": 30,
            "ms_p95": 30,
            "ms_p100": 30,
        }
    ]


def test_a_summary_counts_only_what_no_other_one_did(clock, logged):
    lines = Lines(clock, each=False)
    for _ in range(2):
        clock.move(60)
        lines.log(usual())
    assert [line["records"] for line in logged()] == [2, 2]


def test_percentiles_are_values_that_were_measured(clock, logged):
    lines = Lines(clock, each=False)
    for number in range(1, 101):
        lines.log(report(milliseconds=number, lag_seconds=number / 10))
    clock.move(60)
    lines.log(report(milliseconds=1, lag_seconds=0.1))
    (line,) = logged()
    assert (line["ms_p50"], line["ms_p95"], line["ms_p100"]) == (50, 95, 100)
    assert (line["lag_seconds_p50"], line["lag_seconds_p95"], line["lag_seconds_p100"]) == (5.0, 9.5, 10.0)


@pytest.mark.parametrize(
    "told",
    [
        report(tuples_aside=1),
        report(lines_refused=1),
        report(rewritten=1),
        report(retries=1),
        report(halved=1),
        report(duplicates=1),
        report(lag_seconds=61.0),
        report(milliseconds=61_000),
        report(Outcome.CONTINUES),
        report(Outcome.VANISHED),
        report(Outcome.RETRY_LATER, message="It is away."),
    ],
)
def test_where_something_is_to_be_told_there_is_a_line(clock, logged, told):
    Lines(clock, each=False).log(told)
    (line,) = logged()
    assert (line["outcome"], line["blob"]) == (told.outcome.code, "container/name")


def test_the_first_delivery_after_trouble_is_told_and_no_other(clock, logged):
    lines = Lines(clock, each=False)
    for each in (usual(), report(Outcome.TOKEN_REFUSED), report(Outcome.NOTHING_NEW), usual(), usual()):
        lines.log(each)
    assert [line["outcome"] for line in logged()] == ["token_refused", "delivered"]


def test_each_invocation_has_its_line_where_that_is_asked_for_and_the_summary_beside_it(clock, logged):
    lines = Lines(clock, each=True)
    lines.log(usual())
    clock.move(60)
    lines.log(usual())
    assert [line["outcome"] for line in logged()] == ["delivered", "delivered", "summary"]


def test_threads_at_once_lose_no_count(clock, logged):
    lines = Lines(clock, each=False)
    barrier = threading.Barrier(4)

    def some(_):
        barrier.wait()
        for _ in range(250):
            lines.log(usual())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))
    clock.move(60)
    lines.log(usual())
    (line,) = logged()
    assert (line["delivered_invocations"], line["records"]) == (1001, 2002)
