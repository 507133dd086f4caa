import threading
from datetime import UTC, datetime

import pytest

from gateway.traffic.budget import Budget, BudgetSpentError
from gateway.traffic.posts import Log, Post, RemovedError
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.store import KeyTakenError, Stored, Wanted
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.contract.made_up import HOUR, NOON

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LINES = [record(time=NOON, src_port=port) for port in range(5)]


def post(key="key", customer=1, body=b"hash"):
    return Post(customer, key, body, b"{}", NOW, Log("shop", "logs/a"), 2)


def ports(records, customer=1):
    return [each["src_port"] for each in records.records(customer)]


def test_what_one_writer_stores_the_other_finds_word_for_word(opened):
    opened.first.store(post(), transposed(LINES))
    assert opened.second.find(1, "key") == post()
    assert list(opened.second.posts(1)) == [post()]
    assert ports(opened.second) == [0, 1, 2, 3, 4]
    assert opened.second.find(2, "key") is opened.second.find(1, "other") is None


def test_a_key_is_taken_once_and_its_first_post_stands(opened):
    opened.first.store(post(), transposed(LINES))
    with pytest.raises(KeyTakenError):
        opened.second.store(post(body=b"another"), transposed(LINES))
    assert opened.first.find(1, "key").body_hash == b"hash"
    assert opened.first.count(1) == 5
    opened.second.store(post(customer=2), transposed(LINES))
    assert opened.first.count(2) == 5


def test_of_two_writers_with_one_key_at_the_same_moment_one_post_stands(opened):
    start, refused = threading.Barrier(2), []

    def write(records, number):
        start.wait()
        for key in range(20):
            try:
                records.store(post(f"key {key}", body=b"%d" % number), transposed([record(src_port=number)] * 2))
            except KeyTakenError:
                refused.append(key)

    writers = [threading.Thread(target=write, args=each) for each in ((opened.first, 1), (opened.second, 2))]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert sorted(refused) == list(range(20))
    expected = [int(each.body_hash) for each in opened.first.posts(1) for _ in range(2)]
    assert ports(opened.first) == expected
    assert len(expected) == 40


def test_a_post_beyond_the_budget_stores_nothing(opened):
    with pytest.raises(BudgetSpentError):
        opened.first.store(post(), transposed([record(rule=f"rule {number}") for number in range(9)]), Budget(5, 10**9))
    assert opened.first.find(1, "key") is None
    assert (opened.first.count(1), opened.first.usage(1).stored_bytes) == (0, 0)


def test_nothing_is_stored_of_a_customer_that_is_being_removed(opened):
    opened.first.store(post(), transposed(LINES))
    opened.first.take_nothing_of(1)
    with pytest.raises(RemovedError):
        opened.first.store(post("late"), transposed(LINES))
    opened.first.remove(1)
    assert (opened.first.count(1), opened.first.find(1, "key")) == (0, None)


def test_what_is_stored_is_told(opened):
    assert opened.first.stored() == Stored(0, 0)
    for customer in (2, 1):
        opened.first.store(post(customer=customer), transposed(LINES))
    assert opened.second.stored().records == 10
    assert opened.second.customers() == [1, 2]
    assert opened.second.knows(1, "shop")
    assert not opened.second.knows(1, "other")


@pytest.mark.parametrize("size", [1, 2, 6, 8, 1000])
def test_every_record_that_is_to_be_deleted_is_in_one_slice(opened, size):
    for number in range(12):
        lines = [record(time=NOON + number, src_port=number)] * (number % 5)
        opened.first.store(post(f"key {number}", 1 + number // 4), transposed(lines))
    asked = tuple(Question(1, NOON, NOON + HOUR, parse(text)) for text in ("sport:1", "sport:>=3"))
    wanted = Wanted(1, asked, (Question(1, NOON + 3, NOON + 4, parse("")),))
    parts = opened.first.slices(wanted, size)
    assert sum(each.count for each in parts) == 1
    for each in parts:
        opened.first.delete(wanted, each, last=each is parts[-1], erased_at=NOW)
    assert ports(opened.first) == [2, 2, 3, 3, 3]
    assert [opened.first.count(customer) for customer in (2, 3)] == [0 + 1 + 2 + 4, 3 + 4 + 0 + 1]
    assert opened.first.slices(wanted, size) == []
