import datetime as dt
import io
from collections import Counter

from rich.console import Console

from dev.demo.ledger import Aside, Ledger
from dev.demo.screen import show_summary
from dev.demo.verdict import compare
from dev.flowlogs.blob import Commit

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
    verdict = compare(ledger, arrivals, Counter({Aside("blob", "tuple", "[bad]"): stored - 1}), [])
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
