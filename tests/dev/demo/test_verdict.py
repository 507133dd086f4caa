import datetime as dt
from collections import Counter

from dev.demo.arrived import Post
from dev.demo.ledger import Aside, Ledger
from dev.demo.verdict import Verdict, compare
from dev.flowlogs.blob import Commit
from dev.flowlogs.formats import FlowRecord

_NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
_ONE: FlowRecord = (1, "one")
_TWO: FlowRecord = (2, "two")
_BAD = Aside("blob", "tuple", "bad")


def _ledger() -> Ledger:
    """Holds one flow record twice, another once, and a bad tuple."""
    ledger = Ledger()
    commit = Commit("logs", "blob", "http://127.0.0.1/blob", "0x1", 100)
    ledger.enter(commit, _NOON, Counter({_ONE: 2, _TWO: 1}), Counter({_BAD: 1}))
    return ledger


def _compare(stored: list[FlowRecord], quarantine: list[Aside], posts: list[Post] | None = None) -> Verdict:
    arrivals = [(record, _NOON + number * dt.timedelta(seconds=1)) for number, record in enumerate(stored)]
    return compare(_ledger(), arrivals, Counter(quarantine), posts or [], Counter())


def _compare_backlog(due: int, found: int) -> Verdict:
    """Compare what has arrived whole, but for bytes at the end of a blob that may wait."""
    ledger = Ledger()
    ledger.leave("blob", due, due)
    return compare(ledger, [], Counter(), [], Counter({"blob": found, "another": 0}))


def test_all_that_was_written_and_nothing_else_is_equal():
    verdict = _compare([_ONE, _TWO, _ONE], [_BAD])
    assert verdict.is_equal
    assert (verdict.stored, verdict.quarantined) == (3, 1)


def test_a_record_that_is_missing_is_lost():
    verdict = _compare([_ONE, _ONE], [_BAD])
    assert not verdict.is_equal
    assert verdict.lost == {_TWO: 1}


def test_one_of_two_equal_records_that_is_missing_is_lost():
    assert _compare([_ONE, _TWO], [_BAD]).lost == {_ONE: 1}


def test_a_record_that_is_there_too_often_is_stored_twice():
    verdict = _compare([_ONE, _ONE, _ONE, _TWO], [_BAD])
    assert not verdict.is_equal
    assert verdict.stored_twice == {_ONE: 1}
    assert not verdict.foreign


def test_a_record_that_nobody_wrote_is_foreign():
    verdict = _compare([_ONE, _ONE, _TWO, (3, "three")], [_BAD])
    assert not verdict.is_equal
    assert verdict.foreign == {(3, "three"): 1}


def test_a_bad_tuple_that_is_not_in_quarantine_makes_a_difference():
    verdict = _compare([_ONE, _ONE, _TWO], [])
    assert not verdict.is_equal
    assert verdict.not_quarantined == {_BAD: 1}


def test_something_in_quarantine_that_was_not_bad_makes_a_difference():
    good = Aside("blob", "line", "good")
    verdict = _compare([_ONE, _ONE, _TWO], [_BAD, good])
    assert not verdict.is_equal
    assert verdict.wrongly_quarantined == {good: 1}


def test_bytes_that_are_no_complete_record_and_wait_make_no_difference():
    assert _compare_backlog(due=20, found=20).is_equal


def test_bytes_that_wait_though_they_could_be_delivered_make_a_difference():
    verdict = _compare_backlog(due=20, found=50)
    assert not verdict.is_equal
    assert (verdict.behind, verdict.dropped) == ({"blob": 30}, {})


def test_bytes_that_were_passed_over_for_good_make_a_difference():
    verdict = _compare_backlog(due=20, found=0)
    assert not verdict.is_equal
    assert (verdict.behind, verdict.dropped) == ({}, {"blob": 20})


def test_sending_twice_is_reported_and_makes_no_difference():
    verdict = _compare([_ONE, _ONE, _TWO], [_BAD], [Post(3, duplicate=False), Post(2, duplicate=True)])
    assert verdict.is_equal
    assert verdict.sent_twice == 2


def test_the_lag_is_from_commit_to_acceptance():
    stored = [_ONE] * 101  # accepted 0 to 100 seconds after the commit
    verdict = _compare(stored, [])
    assert verdict.lag(50) == dt.timedelta(seconds=50)
    assert verdict.lag(95) == dt.timedelta(seconds=95.9)


def test_nothing_arrived_has_no_lag():
    assert _compare([], []).lag(50) is None
