import datetime as dt
import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from dev.demo.ledger import Aside, Ledger
from dev.demo.replayed import Source
from dev.demo.screen import show_agent, show_left, show_left_out, show_summary, show_trouble
from dev.demo.verdict import compare
from dev.flowlogs.blob import Commit
from dev.neighbour import Neighbour

_NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def _summary(stored: int) -> str:
    ledger = Ledger()
    ledger.enter(
        Commit("logs", "blob", "http://127.0.0.1/blob", "0x1", 1234),
        _NOON,
        Counter({(1, "a"): 1, (2, "b"): 1}),
        Counter({Aside("blob", "tuple", "[bad]"): 1}),
    )
    arrivals = [((number + 1, "ab"[number]), _NOON + dt.timedelta(seconds=2)) for number in range(stored)]
    output = io.StringIO()
    verdict = compare(ledger, arrivals, Counter({Aside("blob", "tuple", "[bad]"): stored - 1}), [], Counter())
    show_summary(Console(file=output, width=200), ledger, verdict, posts=1)
    return output.getvalue()


def test_equality_is_said_in_words_and_figures():
    shown = _summary(stored=2)
    assert "are equal" in shown
    figures = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in shown.splitlines()[:15]}
    assert figures["tuples written"] == "3"
    assert figures["flow records stored"] == "2"
    assert figures["lost"] == "0"
    assert figures["quarantined"] == "1"
    assert "2.00 s" in shown


def test_a_difference_is_shown_by_example():
    shown = _summary(stored=1)
    assert "differ" in shown
    assert "lost, 1 times: (2, 'b')" in shown
    assert "missing in quarantine, 1 times: Aside(blob='blob', unit='tuple', text='[bad]')" in shown


def _source(name: str, blob: str = "blob", problem: str = "") -> Source:
    return Source(Path(name), "logs", blob, _NOON, problem)


def _left(sources: list[Source], left: dict[str, int], backlog: dict[str, int]) -> list[str]:
    ledger, output = Ledger(), io.StringIO()
    for blob, count in left.items():
        ledger.leave(blob, count, count)
    console = Console(file=output, width=20)
    show_left(console, sources, ledger, compare(ledger, [], Counter(), [], Counter(backlog)))
    return output.getvalue().splitlines()


def test_what_is_left_of_a_file_is_reported_in_a_sentence():
    sources = [_source("a.json", "a"), _source("b.json", "b"), _source("whole.json", "c")]
    assert _left(sources, {"a": 1427, "b": 1}, {"a": 1427, "b": 1}) == [
        "a.json: 1,427 bytes at the end are not a complete record. The app keeps them as backlog (docs/delivery.md).",
        "b.json: 1 byte at the end is not a complete record. The app keeps it as backlog (docs/delivery.md).",
    ]


def test_what_is_left_is_not_called_kept_where_it_is_not():
    assert _left([_source("a.json", "a")], {"a": 7}, {}) == []


@pytest.mark.parametrize(
    ("backlog", "shown"),
    [(0, "neither delivered nor kept as backlog, 7 bytes: blob"), (19, "not delivered, 12 bytes: blob")],
)
def test_a_backlog_that_is_not_as_it_should_be_is_shown(backlog: int, shown: str):
    ledger, output = Ledger(), io.StringIO()
    ledger.leave("blob", 7, 7)
    verdict = compare(ledger, [], Counter(), [], Counter({"blob": backlog}))
    show_summary(Console(file=output, width=200), ledger, verdict, posts=0)
    assert "differ" in output.getvalue()
    assert shown in output.getvalue()
    figures = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in output.getvalue().splitlines()[:17]}
    assert (figures["bytes due as backlog"], figures["bytes of backlog"]) == ("7", str(backlog))


def test_a_long_example_is_shown_in_part():
    ledger, output = Ledger(), io.StringIO()
    quarantine = Counter({Aside("blob", "range", "x" * 10_000): 1})
    show_summary(Console(file=output, width=200), ledger, compare(ledger, [], quarantine, [], Counter()), posts=0)
    assert "xxx" in output.getvalue()
    assert len(output.getvalue()) < 2500


def test_a_name_moves_no_cursor_and_colours_nothing():
    output = io.StringIO()
    console = Console(file=output, width=20)
    show_left_out(console, [_source("good.json"), _source("[b]\x1b[31m\udce9\n.json", problem="Input/output error")])
    show_trouble(console, "first line\nsecond\x1b[2J line")
    assert output.getvalue().splitlines()[0] == "[b]\ufffd[31m\ufffd\ufffd.json is skipped: Input/output error."
    assert "good" not in output.getvalue()
    assert "\x1b" not in output.getvalue()


@pytest.mark.parametrize(
    ("neighbour", "said"),
    [
        (Neighbour("198.18.0.2", "198.18.0.1", 4711, Path("log")), "Search for ip:198.18.0.2, a neighbour made for it"),
        (None, "only root can make it a neighbour, so no conversation is in both the logs and the agent's records"),
    ],
)
def test_where_logs_and_the_agent_meet_is_said(neighbour: Neighbour | None, said: str):
    output = io.StringIO()
    show_agent(Console(file=output, width=400), [], neighbour)
    assert said in output.getvalue()
