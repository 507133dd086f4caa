from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.traffic.arrivals import Arrival
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.store import Wanted
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import agent_record, record
from tests.gateway.contract.counted_posts import posts_in, some_hours
from tests.gateway.contract.made_up import HOUR, NOON
from tests.gateway.contract.marked import marked
from tests.gateway.contract.plain_edges import plain_edges

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CUSTOMERS = count(1)
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
DAY = 24 * HOUR
SENT = {
    "state": "begin",
    "packets_src_to_dst": 1,
    "bytes_src_to_dst": 100,
    "packets_dst_to_src": 1,
    "bytes_dst_to_src": 200,
}


def store(records, key, lines, customer=1):
    records.store(Post(customer, key, b"hash", b"{}", NOW), transposed(lines))


def merge(records):
    while records.merge_edges():
        pass


def edges(records, customer=1, days=ALWAYS):
    return sorted(records.edges(customer, *days), key=repr)


def wanted(search, customer=1):
    return Wanted(customer, (Question(customer, 0, NOON + 100 * DAY, parse(search)),))


@pytest.fixture(scope="module")
def shared_store(kind, tmp_path_factory):
    stores = kind(tmp_path_factory.mktemp("edges"))
    yield stores
    stores.close()


@given(posts_in(some_hours), st.data())
@settings(max_examples=examples(15))
def test_edges_are_those_of_the_plain_rule_whenever_they_are_merged_and_marks_turn(shared_store, posts, data):
    customer = next(CUSTOMERS)
    records = shared_store.first
    for number, post in enumerate(posts):
        store(records, f"post {number}", post, customer)
        match data.draw(st.sampled_from(["", "merge", "settle"])):
            case "merge":
                records.merge_edges()
            case "settle":
                records.settle(LATER)
    while records.settle(LATER):
        pass
    merge(records)
    assert edges(records, customer) == plain_edges(marked([each for post in posts for each in post]))


def test_each_day_has_an_edge_of_its_own(opened):
    store(opened.first, "late", [record(time=NOON + DAY, **SENT), record(time=NOON, **SENT)])
    merge(opened.first)
    today = datetime.fromtimestamp(NOON / 1000, UTC).date()
    assert [each.day for each in opened.second.edges(1, *ALWAYS)] == [today, today + timedelta(days=1)]
    assert [each.day for each in opened.second.edges(1, today, today)] == [today]
    assert edges(opened.second, customer=2) == []


def test_an_edge_stays_when_its_records_outlive_their_time(opened):
    store(opened.first, "one", [record(time=NOON, **SENT)])
    merge(opened.first)
    before = edges(opened.first)
    (part,) = opened.first.slices(wanted(""), 100)
    opened.first.delete(wanted(""), part, last=True)
    assert opened.first.count(1) == 0
    merge(opened.first)
    assert edges(opened.first) == before != []


def test_no_record_outlives_its_time_before_its_edge_is_merged(opened):
    store(opened.first, "one", [record(time=NOON, **SENT)])
    (part,) = opened.first.slices(wanted(""), 100)
    opened.first.delete(wanted(""), part, last=True)
    assert opened.first.count(1) == 1


@pytest.mark.parametrize("merged", [True, False])
def test_what_is_erased_leaves_its_edges(opened, merged):
    lines = [record(time=NOON, dst_port=22, **SENT), record(time=NOON + 1, dst_port=443, **SENT)]
    store(opened.first, "one", [*lines, record(time=NOON + 2, dst_port=443, src_port=7, **SENT)])
    if merged:
        merge(opened.first)
    for search in ("dport:22", "sport:7"):
        (part,) = opened.first.slices(wanted(search), 100)
        opened.first.delete(wanted(search), part, last=True, erased_at=NOW)
    merge(opened.first)
    (left,) = edges(opened.first)
    assert (left.port, left.records, left.connections, left.bytes_src_to_dst) == (443, 1, 1, 100)


def test_what_turned_before_it_is_erased_leaves_no_bytes_behind(opened):
    inbound = record(time=NOON, direction="inbound", mac="000D3A000001", src_ip="10.0.0.1", dst_ip="10.0.0.2", **SENT)
    store(opened.first, "one", [inbound, inbound])
    merge(opened.first)
    store(opened.first, "two", [inbound | {"direction": "outbound", "mac": "000D3A000002"}])
    (part,) = opened.first.slices(wanted("direction:inbound"), 100)
    opened.first.delete(wanted("direction:inbound"), part, last=True, erased_at=NOW)
    merge(opened.first)
    (left,) = edges(opened.first)
    assert (left.observer.name, left.bytes_src_to_dst) == ("000D3A000002", 100)


def test_what_turned_before_its_record_expired_leaves_no_bytes_behind(opened):
    inbound = record(time=NOON, direction="inbound", mac="000D3A000001", src_ip="10.0.0.1", dst_ip="10.0.0.2", **SENT)
    store(opened.first, "one", [inbound])
    merge(opened.first)
    store(opened.first, "two", [inbound | {"direction": "outbound", "mac": "000D3A000002"}])
    (part,) = opened.first.slices(wanted("direction:inbound"), 100)
    opened.first.delete(wanted("direction:inbound"), part, last=True)
    merge(opened.first)
    sent = {each.observer.name: each.bytes_src_to_dst for each in edges(opened.first)}
    assert sent == {"000D3A000001": 0, "000D3A000002": 100}


def test_after_an_erasure_an_edge_is_as_if_the_records_had_never_been(opened):
    lines = [record(time=NOON + minute, src_port=minute, **SENT) for minute in range(3)]
    store(opened.first, "one", [*lines, agent_record(time=NOON, host="secret")])
    merge(opened.first)
    for search in ("sport:0,2", "host:secret"):
        for part in opened.first.slices(wanted(search), 100):
            opened.first.delete(wanted(search), part, last=True, erased_at=NOW)
    assert edges(opened.first) == plain_edges(marked([lines[1]]))
    assert "secret" not in str(edges(opened.first))
    assert opened.first.arrivals().arrivals == (Arrival(1, NOON + 1, NOON + 2),)


def test_the_largest_counters_are_summed_and_stop_nothing(opened):
    most = {"packets_src_to_dst": 10**18 - 1, "bytes_src_to_dst": 10**18 - 1, "bytes_dst_to_src": 10**18 - 1}
    store(opened.first, "logs", [record(time=NOON, **most) for _ in range(20)])
    links = {f"links_{what}": 10**18 - 1 for what in ("established", "terminated", "failed", "live")}
    store(opened.first, "agents", [agent_record(time=NOON, **links) for _ in range(20)])
    merge(opened.first)
    found = edges(opened.first)
    assert max(each.bytes_src_to_dst for each in found) == 20 * (10**18 - 1)
    assert max(each.connections for each in found) == 20 * (10**18 - 1)


def test_whoever_merges_is_told_when_nothing_waits_any_more(opened):
    assert not opened.first.merge_edges()
    for number in range(3):
        store(opened.first, f"post {number}", [record(time=NOON)])
        assert not opened.first.merge_edges()
    (edge,) = edges(opened.first)
    assert edge.records == 3


def test_edges_come_in_the_order_of_days_observers_and_peers(opened):
    lines = [
        record(time=NOON + day * DAY, mac=mac, src_ip="10.0.0.1", dst_ip=peer, direction="outbound")
        for day in (1, 0)
        for mac in ("000D3A000002", "000D3A000001")
        for peer in ("10.0.0.9", "10.0.0.4")
    ]
    store(opened.first, "one", lines)
    merge(opened.first)
    found = [(each.day, each.observer.name, each.peer) for each in opened.first.edges(1, *ALWAYS)]
    assert found == sorted(found)
    assert len(found) == 8


def test_edges_are_forgotten_by_their_day(opened):
    store(opened.first, "one", [record(time=NOON), record(time=NOON + DAY)])
    merge(opened.first)
    tomorrow = datetime.fromtimestamp((NOON + DAY) / 1000, UTC).date()
    assert opened.first.forget_edges(tomorrow) == 1
    assert [each.day for each in edges(opened.first)] == [tomorrow]
    assert opened.first.forget_edges(tomorrow + timedelta(days=1)) == 1
    store(opened.first, "two", [record(time=NOON + DAY)])
    merge(opened.first)
    assert len(edges(opened.first)) == 1


def test_a_customer_that_is_removed_takes_its_edges_along(opened):
    for customer in (1, 2):
        store(opened.first, "one", [record(time=NOON)], customer)
    merge(opened.first)
    opened.first.remove(1)
    assert (edges(opened.first, 1), len(edges(opened.first, 2))) == ([], 1)
