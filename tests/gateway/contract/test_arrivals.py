import re
import threading
from datetime import UTC, datetime

import pytest

from gateway.traffic.arrivals import Arrival
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.contract.made_up import HOUR, NOON

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
SENT = {"packets_src_to_dst": 1, "bytes_src_to_dst": 100, "packets_dst_to_src": None, "bytes_dst_to_src": None}


def store(records, key, *lines, customer=1):
    records.store(Post(customer, key, b"hash", b"{}", NOW), transposed(lines))


def all_since(records, cursor=None, most=1000):
    """What arrived, read in parts; and the last cursor."""
    found = []
    while True:
        part = records.arrivals(cursor, most)
        found += part.arrivals
        if part.cursor == cursor or not part.arrivals:
            return found, part.cursor
        cursor = part.cursor


@pytest.mark.parametrize("most", [1, 2, 1000])
def test_each_post_arrives_with_the_span_of_its_records(opened, most):
    store(opened.first, "one", record(time=NOON + 5), record(time=NOON))
    store(opened.second, "two", record(time=NOON - HOUR), customer=2)
    found, _ = all_since(opened.first, most=most)
    assert found == [Arrival(1, NOON, NOON + 6), Arrival(2, NOON - HOUR, NOON - HOUR + 1)]


def test_from_its_cursor_on_a_reader_is_told_what_is_new_and_nothing_else(opened):
    store(opened.first, "one", record(time=NOON))
    _, cursor = all_since(opened.second)
    assert opened.second.arrivals(cursor).arrivals == ()
    store(opened.first, "two", record(time=NOON + 7))
    found, cursor = all_since(opened.second, cursor)
    assert found == [Arrival(1, NOON + 7, NOON + 8)]
    assert opened.second.arrivals(cursor).arrivals == ()


def test_a_post_without_records_does_not_arrive(opened):
    store(opened.first, "none")
    assert opened.first.arrivals().arrivals == ()


def test_an_hour_whose_marks_turn_arrives_again(opened):
    inbound = record(time=NOON, direction="inbound", mac="000D3A000001", **SENT)
    store(opened.first, "one", inbound)
    _, cursor = all_since(opened.first)
    store(opened.second, "two", inbound | {"direction": "outbound", "mac": "000D3A000002", "time": NOON + 1})
    found, cursor = all_since(opened.first, cursor)
    assert set(found) == {Arrival(1, NOON + 1, NOON + 2), Arrival(1, NOON, NOON + HOUR)}
    store(opened.second, "three", inbound | {"time": NOON + 2})
    assert all_since(opened.first, cursor)[0] == [Arrival(1, NOON + 2, NOON + 3)]


def test_nothing_is_missed_while_two_writers_store_at_the_same_time(opened):
    def write(records, first):
        for number in range(first, first + 30):
            store(records, f"post {number}", record(time=NOON + number))

    writers = [threading.Thread(target=write, args=each) for each in ((opened.first, 0), (opened.second, 100))]
    for each in writers:
        each.start()
    found, cursor = [], None
    while any(each.is_alive() for each in writers):
        part, cursor = all_since(opened.first, cursor, 3)
        found += part
    for each in writers:
        each.join()
    found += all_since(opened.first, cursor)[0]
    assert {each.start - NOON for each in found} == {*range(30), *range(100, 130)}


@pytest.mark.parametrize("cursor", ["", "-1", "x", "1.5", "9" * 30, "²"])
def test_a_cursor_that_no_store_gave_out_is_refused(opened, cursor):
    with pytest.raises(ValueError, match=f"^{re.escape(cursor)}$"):
        opened.first.arrivals(cursor)
