from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.changes import Changes
from gateway.stores.items import Items
from gateway.stores.server_traffic import KEPT, Answer, ServerTraffic

NOW = datetime(2026, 11, 23, 7, 2, 11, tzinfo=UTC)


@pytest.fixture
def traffic(database):
    return ServerTraffic(database)


@pytest.fixture
def item(database, customer):
    return Items(database, Changes()).add(customer, "web-1", [], "")


def test_the_value_reads_as_the_answer_did():
    assert Answer(NOW, 200, 143).value == "HTTP/1.1 200 OK 2026-11-23T07:02:11Z flows=143"
    refused = Answer(NOW, 401, None, "The token has expired.")
    assert refused.value == "HTTP/1.1 401 Unauthorized 2026-11-23T07:02:11Z"
    assert (Answer(NOW, 200, 0).good, refused.good) == (True, False)


def test_answers_come_back_the_newest_first(traffic, item):
    answers = [Answer(NOW + timedelta(minutes=each), status) for each, status in enumerate((200, 401, 413))]
    for answer in answers:
        traffic.add(item, answer)
    assert traffic.history(item) == answers[::-1]
    assert traffic.last([item, 999]) == {item: answers[-1]}


def test_the_last_ones_are_kept_for_each_machine(traffic, item, database, customer):
    other = Items(database, Changes()).add(customer, "web-2", [], "")
    traffic.add(other, Answer(NOW, 200, 1))
    for number in range(KEPT + 3):
        traffic.add(item, Answer(NOW, 200, number))
    assert [each.flows for each in traffic.history(item)] == list(range(KEPT + 2, 2, -1))
    assert len(traffic.history(other)) == 1


def test_an_answer_to_a_machine_that_is_gone_is_not_kept(traffic, item, database, customer):
    traffic.add(item, Answer(NOW, 200, 1))
    Items(database, Changes()).remove(customer, item)
    traffic.add(item, Answer(NOW, 200, 1))
    assert traffic.history(item) == []


def test_a_reason_has_a_bound(traffic, item):
    traffic.add(item, Answer(NOW, 400, None, "x" * 10_000))
    assert len(traffic.history(item)[0].reason) == 500
