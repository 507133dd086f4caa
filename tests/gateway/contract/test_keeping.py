import threading
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import to_ms
from gateway.traffic.freshness import Heard, Refusal
from gateway.traffic.posts import Log, Post
from gateway.traffic.question import Question
from gateway.traffic.store import TooSlowError
from gateway.traffic.transposed import transposed
from tests.gateway.client import agent_record, record
from tests.gateway.contract.made_up import HOUR, NOON

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENT = {"packets_src_to_dst": 1, "bytes_src_to_dst": 100, "packets_dst_to_src": None, "bytes_dst_to_src": None}


def store(records, key, *lines, at=NOW, log=None, by_agent=False):
    records.store(Post(1, key, b"hash", b"{}", at, log, by_agent=by_agent), transposed(lines))


def test_what_was_heard_of_each_that_delivers_is_told(opened):
    store(opened.first, "logs", record(time=NOON), log=Log("shop", "logs/a"))
    store(opened.first, "agents", agent_record(time=NOON + 5), by_agent=True)
    opened.second.refuse(1, "idle", NOW, 413, "The body is too large.")
    heard = {each.account: each for each in opened.first.heard(1, ["idle"]).rows}
    assert heard == {
        "shop": Heard("shop", by_agent=False, last=NOON, accepted=to_ms(NOW)),
        None: Heard(None, by_agent=True, last=NOON + 5, accepted=to_ms(NOW)),
        "idle": Heard("idle", False, None, None, Refusal(to_ms(NOW), to_ms(NOW), 413, "The body is too large.")),
    }
    assert set(opened.first.heard_of_all([(1, "idle")], 10)[1]) == set(heard.values())
    shop = opened.second.account_freshness(1)["shop"]
    assert (shop.log, shop.last, shop.delay) == ("logs/a", NOON, to_ms(NOW) - NOON)
    assert opened.second.oldest(1) == {"nsg": NOON, "agent": NOON + 5}


def test_a_refusal_stands_until_a_post_is_accepted_and_keeps_since_when(opened):
    for minute in (0, 1):
        opened.first.refuse(1, "shop", NOW + minute * MINUTE, 401, "The token is not valid.")
    (refused,) = opened.first.heard(1, []).rows
    assert (refused.refusal.since, refused.refusal.at) == (to_ms(NOW), to_ms(NOW + MINUTE))
    store(opened.first, "accepted", record(time=NOON), at=NOW + 2 * MINUTE, log=Log("shop", "logs/a"))
    (accepted,) = opened.first.heard(1, []).rows
    assert accepted.refusal is None


def test_keys_are_forgotten_with_their_records_and_not_before(opened):
    store(opened.first, "with", record(time=NOON))
    store(opened.first, "without")
    assert opened.first.forget_keys(NOW + timedelta(days=1)) == 0
    assert opened.first.forget_keys(NOW + timedelta(days=100)) == 1
    assert [each.key for each in opened.second.posts(1)] == ["with"]


def test_a_record_is_found_by_its_key(opened):
    store(opened.first, "one", record(time=NOON), record(time=NOON, src_port=7))
    for kept in opened.first.page(Question.all_of(1)).records:
        assert opened.second.record(1, kept.key) == kept
        assert opened.second.record(2, kept.key) is None


def test_hours_wait_until_they_are_settled(opened):
    hours = [record(time=NOON - hour * HOUR, **SENT) for hour in range(20)]
    store(opened.first, "late", *hours)
    waiting = opened.first.unsettled(1, NOON - 20 * HOUR, NOON + HOUR)
    assert waiting == opened.first.stored().unsettled_hours
    while opened.first.settle(NOW + timedelta(days=1)):
        pass
    assert opened.second.unsettled(1, NOON - 20 * HOUR, NOON + HOUR) == 0


def test_a_snapshot_holds_what_was_there_and_nothing_of_later(opened, kind, tmp_path):
    store(opened.first, "one", record(time=NOON))
    with opened.first.paused():
        taken = opened.first.snapshot()
    store(opened.second, "two", record(time=NOON + 1))
    (tmp_path / "copy").mkdir()
    said = []
    assert taken.copy(tmp_path / "copy" / "records.duckdb", said.append) == 1
    taken.close()
    assert said
    copied = kind(tmp_path / "copy")
    assert [each.key for each in copied.first.posts(1)] == ["one"]
    copied.close()


def test_who_has_left_or_waited_enough_gets_no_answer(opened):
    store(opened.first, "post", *(record(time=NOON + line, src_port=line) for line in range(2000)))
    left = threading.Event()
    left.set()
    for asked in (opened.first.asked_by_people(60, left), opened.first.asked_by_people(0)):
        with pytest.raises(TooSlowError):
            asked.conversations(Question.all_of(1))
    assert opened.first.totals(Question.all_of(1)).records == 2000


def test_a_store_that_answers_and_writes_says_so(opened):
    opened.first.check()
    opened.first.touch()
    assert opened.second.arrivals().arrivals == ()
