import random
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import duckdb
import pytest
from hypothesis import Phase, given, settings

from gateway.stores.duckdb import records as store_module
from gateway.stores.duckdb.counting import kept, settling
from gateway.stores.duckdb.counting.facts import OpenHour
from gateway.stores.duckdb.counting.hour import Hour, Shown
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.traffic.posts import Post
from gateway.traffic.store import StoreUnavailableError
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import agent_record, record
from tests.gateway.contract.counted_posts import COUNTERS, FIRST, counters_of, many_hours, posts_in, some_hours
from tests.gateway.contract.plain_counting import HOUR_MS, counts
from tests.gateway.stores.duckdb.deleting import delete

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WAYS = ("inbound", "outbound")


def store(records, name, post, customer=1):
    records.store(Post(customer, name, b"hash", b"{}", NOW), transposed(post))


def fail(records, customer):
    """Post what can't be stored, after which what was in memory of the customer is read anew."""
    with pytest.raises(StoreUnavailableError):
        store(records, "broken", [record(src_port=65_536)], customer)


def marks(records, customer=1):
    rows = records.rows("SELECT counted, counted_bytes FROM records WHERE customer = ? ORDER BY post, line", [customer])
    return [(bool(counted), int(size)) for counted, size in rows]


def plainly(posts):
    """Give the marks by the rule of `plain`."""
    every = [each for post in posts for each in post]
    return [
        (counted, (each["bytes_src_to_dst"] or 0) + (each["bytes_dst_to_src"] or 0) if counted else 0)
        for each, counted in zip(every, counts(every), strict=True)
    ]


def settle_all(records):
    while records.settle(LATER):
        pass


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("counting") / "records.duckdb"


@pytest.fixture(scope="module")
def stores(path):
    """Gives one store after another on the same file."""
    opened = []

    def again():
        while opened:
            opened.pop().close()
        opened.append(DuckDBRecords.open(path))
        return opened[0]

    again()
    yield opened, again
    opened.pop().close()


customers = count(1)


def log(nic, direction, src, dst, *, source="vnet", flow_log="/a", **changes):
    own = {
        "mac": f"000D3A00000{nic}",
        "source": source,
        "version": 4 if source == "vnet" else 2,
        "flow_log_id": flow_log if source == "vnet" else None,
    }
    return record(**own | _between(direction, src, dst, **changes))


def agent(direction, src, dst, **changes):
    return agent_record(**_between(direction, src, dst, **changes))


def _between(direction, src, dst, *, measured=True, hour=0, **changes):
    counters = counters_of((3, 500, 2, 900) if measured else (None,) * 4)
    ends = {"src_ip": f"10.0.0.{src}", "dst_ip": f"10.0.0.{dst}"}
    return {"time": FIRST + hour * HOUR_MS, "direction": direction} | ends | counters | changes


CASES = {
    "two NICs log one transfer: the one that it goes out of": [
        (log(1, "outbound", 1, 2), True),
        (log(2, "inbound", 1, 2), False),
    ],
    "nobody logs the source": [(log(2, "inbound", 1, 2), True), (log(2, "outbound", 2, 3), True)],
    "the source is logged in another hour": [(log(1, "outbound", 1, 2, hour=1), True), (log(2, "inbound", 1, 2), True)],
    "what measured nothing decides nothing": [
        (log(1, "outbound", 1, 2, measured=False), False),
        (log(2, "inbound", 1, 2), True),
    ],
    "what measured that nothing flowed decides": [
        (log(1, "outbound", 1, 2, **dict.fromkeys(COUNTERS, 0)), True),
        (log(2, "inbound", 1, 2), False),
    ],
    "one counter is enough": [
        (log(1, "outbound", 1, 2, **dict.fromkeys(COUNTERS[:3])), True),
        (log(2, "inbound", 1, 2), False),
    ],
    "both kinds of logs of a NIC: the VNet's": [
        (log(1, "outbound", 1, 2, source="nsg"), False),
        (log(1, "outbound", 1, 2), True),
        (log(2, "outbound", 2, 1, source="nsg"), True),
    ],
    "two VNet logs of a NIC: the one whose id is first": [
        (log(1, "outbound", 1, 2, flow_log="/b"), False),
        (log(1, "outbound", 1, 2, flow_log="/a"), True),
        (log(1, "outbound", 1, 2, flow_log="/c"), False),
    ],
    "a VNet log that measured nothing stands behind the NSG's": [
        (log(1, "outbound", 1, 2, source="nsg"), True),
        (log(1, "outbound", 1, 2, measured=False), False),
    ],
    "a NIC without a MAC address is known by its resource": [
        (log(1, "outbound", 1, 2, mac=None, resource_id="/nic"), True),
        (log(1, "outbound", 1, 2, mac=None, resource_id="/nic", source="nsg"), False),
        (log(1, "outbound", 1, 2, mac=None, resource_id="/other", source="nsg"), True),
    ],
    "a forwarder yields to the NIC that logs the address": [
        (log(1, "outbound", 1, 2), True),
        (log(9, "inbound", 1, 2), False),
        (log(9, "outbound", 1, 2), False),
        (log(2, "inbound", 1, 2), False),
    ],
    "a forwarder for machines that have no log counts": [
        (log(9, "inbound", 1, 2), False),
        (log(9, "outbound", 1, 2), True),
        (log(2, "inbound", 1, 2), False),
    ],
    "two NICs with the same address that receive nothing from it": [
        (log(1, "outbound", 1, 2), True),
        (log(3, "outbound", 1, 2), True),
    ],
    "an agent where a log has its source": [
        (log(1, "outbound", 1, 3), True),
        (agent("outbound", 1, 2), False),
        (agent("inbound", 1, 2), False),
    ],
    "an agent where a log has its destination": [(log(2, "inbound", 3, 2), True), (agent("outbound", 1, 2), False)],
    "an agent where a log has its address as a peer's": [
        (log(2, "inbound", 1, 2), True),
        (agent("outbound", 1, 3), True),
    ],
    "of two agents the one that opened the flow": [(agent("outbound", 1, 2), True), (agent("inbound", 1, 2), False)],
    "of two agents on different ports both": [
        (agent("outbound", 1, 2, dst_port=80), True),
        (agent("inbound", 1, 2, dst_port=443), True),
    ],
    "an agent that can't tell who opened the flow, as the other end has it": [
        (agent("outbound", 1, 2, dst_port=80), True),
        (agent(None, 1, 2, src_port=5000, dst_port=80), False),
        (agent(None, 2, 1, src_port=80, dst_port=5000), False),
        (agent(None, 2, 1, src_port=5000, dst_port=80), True),
    ],
    "an agent that measured nothing opens nothing": [
        (agent("outbound", 1, 2, measured=False), False),
        (agent("inbound", 1, 2), True),
    ],
    "an address is the same inside IPv6": [
        (log(1, "outbound", 1, 2, src_ip="::ffff:10.0.0.1"), True),
        (log(2, "inbound", 1, 2), False),
    ],
}


def forth_and_back(case):
    return case, case[::-1]


ORDERS = pytest.mark.parametrize("orders", [forth_and_back, pytest.param(permutations, marks=pytest.mark.long)])


@ORDERS
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_record_counts_in_whatever_order_records_come_and_however_often(stores, case, orders):
    (records, *_), _ = stores
    for order in orders(case):
        customer = next(customers)
        for number, (each, _) in enumerate(order):
            store(records, f"{number}", [each], customer)
        assert [counted for counted, _ in marks(records, customer)] == [counts for _, counts in order]
        store(records, "again", [each for each, _ in order], customer)
        assert [counted for counted, _ in marks(records, customer)] == [counts for _, counts in order] * 2


@ORDERS
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_record_counts_whatever_is_left_in_memory(stores, case, orders):
    (records, *_), _ = stores
    for order in orders(case):
        customer = next(customers)
        for number, (each, _) in enumerate(order):
            fail(records, customer)
            store(records, f"{number}", [each], customer)
        assert [counted for counted, _ in marks(records, customer)] == [counts for _, counts in order]


def test_a_record_counts_across_a_restart(stores):
    (records, *_), again = stores
    customer = next(customers)
    store(records, "inbound", [log(2, "inbound", 1, 2)], customer)
    records = again()
    store(records, "outbound", [log(1, "outbound", 1, 2)], customer)
    records = again()
    store(records, "another inbound", [log(2, "inbound", 1, 2)], customer)
    assert [counted for counted, _ in marks(records, customer)] == [False, True, False]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_plain_rule_says_the_same(case):
    assert [counted for counted, _ in plainly([[each for each, _ in case]])] == [counts for _, counts in case]


@settings(max_examples=examples(60), phases=(Phase.explicit, Phase.generate))
@given(posts_in(some_hours))
def test_marks_are_those_of_the_plain_rule_after_every_post(stores, posts):
    (records, *_), _ = stores
    customer = next(customers)
    for number, post in enumerate(posts, 1):
        store(records, f"{number}", post, customer)
        assert marks(records, customer) == plainly(posts[:number])


@settings(max_examples=examples(30), phases=(Phase.explicit, Phase.generate))
@given(posts_in(many_hours))
def test_hours_that_wait_count_too_much_and_once_they_are_settled_as_the_plain_rule_has_it(stores, posts):
    (records, *_), _ = stores
    customer = next(customers)
    for number, post in enumerate(posts, 1):
        store(records, f"{number}", post, customer)
        assert all(mark >= plain for mark, plain in zip(marks(records, customer), plainly(posts[:number]), strict=True))
    settle_all(records)
    assert marks(records, customer) == plainly(posts)
    for number, post in enumerate(posts):
        store(records, f"{number} again", post, customer)
    settle_all(records)
    assert marks(records, customer) == plainly(posts * 2)


def test_a_post_pays_for_its_newest_hours_and_the_others_wait(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "inbound", [log(2, "inbound", 1, 2, hour=hour) for hour in range(9)], customer)
    settle_all(records)
    store(records, "outbound", [log(1, "outbound", 1, 2, hour=hour) for hour in range(9)], customer)
    assert [counted for counted, _ in marks(records, customer)] == [True] * 3 + [False] * 6 + [True] * 9
    assert records.unsettled(customer, FIRST, FIRST + 9 * HOUR_MS) == 3
    assert records.unsettled(customer, FIRST + 3 * HOUR_MS, FIRST + 9 * HOUR_MS) == 0
    assert records.unsettled(customer, FIRST, FIRST + 1) == 1
    settle_all(records)
    assert [counted for counted, _ in marks(records, customer)] == [False] * 9 + [True] * 9
    assert records.unsettled(customer, FIRST, FIRST + 9 * HOUR_MS) == 0


def test_customers_take_turns_to_be_settled(stores):
    (records, *_), _ = stores
    settle_all(records)
    one, other = next(customers), next(customers)
    for customer in (one, other):
        store(records, "post", [log(1, "outbound", 1, 2, hour=hour) for hour in range(8)], customer)
    records.settle(LATER)
    records.settle(LATER)
    assert [records.unsettled(each, FIRST, FIRST + 9 * HOUR_MS) for each in (one, other)] == [1, 1]
    settle_all(records)


def test_a_post_that_is_not_stored_decides_nothing(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "inbound", [log(2, "inbound", 1, 2)], customer)
    with pytest.raises(StoreUnavailableError):
        store(records, "broken", [log(1, "outbound", 1, 2), log(1, "outbound", 1, 2, src_port=65_536)], customer)
    store(records, "inbound again", [log(2, "inbound", 1, 2)], customer)
    assert [counted for counted, _ in marks(records, customer)] == [True, True]


def test_customers_decide_nothing_for_each_other(stores):
    (records, *_), _ = stores
    one, other = next(customers), next(customers)
    store(records, "post", [log(2, "inbound", 1, 2)], one)
    store(records, "post", [log(1, "outbound", 1, 2)], other)
    assert marks(records, one) == [(True, 1400)]


def test_an_hour_too_large_for_memory_waits(stores, monkeypatch):
    (records, *_), _ = stores
    monkeypatch.setattr(kept, "LARGEST", 60)
    customer = next(customers)
    post = [log(1, "outbound", 1, 2, src_ip=f"10.1.0.{host}") for host in range(40)]
    store(records, "inbound", [log(2, "inbound", 1, 2, src_ip=f"10.1.0.{host}") for host in range(40)], customer)
    store(records, "outbound", post, customer)
    store(records, "inbound again", [log(2, "inbound", 1, 2, src_ip=f"10.1.0.{host}") for host in range(40)], customer)
    settle_all(records)
    assert [counted for counted, _ in marks(records, customer)] == [False] * 40 + [True] * 40 + [False] * 40


def test_what_hours_have_shown_goes_with_their_records(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "post", [log(1, "outbound", 1, 2, hour=hour) for hour in range(8)], customer)

    def kept(table):
        rows = records.rows(f"SELECT DISTINCT hour FROM {table} WHERE customer = ? ORDER BY hour", [customer])
        return [hour - FIRST // HOUR_MS for (hour,) in rows]

    assert (kept("facts"), kept("unsettled")) == ([2, 3, 4, 5, 6, 7], [0, 1])
    first, last = FIRST, FIRST + 7 * HOUR_MS
    delete(records, customer=customer, spans=((first, first + 1), (last, last + 1)))
    assert (kept("facts"), kept("unsettled")) == ([2, 3, 4, 5, 6], [1])
    settle_all(records)


def test_the_mark_of_a_record_stays_whatever_is_deleted(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "outbound", [log(1, "outbound", 1, 2)], customer)
    store(records, "inbound", [log(2, "inbound", 1, 2)], customer)
    delete(records, "direction:outbound", customer)
    assert marks(records, customer) == [(False, 0)]
    store(records, "many hours", [log(2, "inbound", 1, 2, hour=hour) for hour in range(9)], customer)
    settle_all(records)
    assert [counted for counted, _ in marks(records, customer)] == [False, False] + [True] * 8


def test_an_hour_that_goes_on_is_settled_once_it_is_over(stores):
    (records, *_), _ = stores
    settle_all(records)
    customer, begin = next(customers), datetime.fromtimestamp(FIRST / 1000, UTC)
    store(records, "post", [log(1, "outbound", 1, 2, hour=hour) for hour in range(8)], customer)
    assert not records.settle(begin + timedelta(minutes=59))
    assert records.settle(begin + timedelta(hours=1))
    assert records.unsettled(customer, FIRST, FIRST + 9 * HOUR_MS) == 1
    settle_all(records)


def test_an_hour_that_cannot_be_settled_holds_up_no_other(stores, monkeypatch):
    (records, *_), _ = stores
    settle_all(records)
    one, other = next(customers), next(customers)
    for customer in (one, other):
        store(records, "post", [log(1, "outbound", 1, 2, hour=hour) for hour in range(8)], customer)
    real = settling.settle

    def settle(cursor, waiting):
        if (waiting.customer, waiting.hour) == (one, FIRST // HOUR_MS + 1):
            raise duckdb.OutOfMemoryException("no memory")
        return real(cursor, waiting)

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "settle", settle)
        outcomes = []
        for _ in range(4):
            try:
                outcomes.append(records.settle(LATER))
            except StoreUnavailableError:
                outcomes.append(None)
        assert outcomes.count(True) == 3
        assert not records.settle(LATER)
    assert records.settle(LATER)
    assert [records.unsettled(each, FIRST, FIRST + 9 * HOUR_MS) for each in (one, other)] == [0, 0]


def test_what_was_settled_is_known_to_the_posts_after_it(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "narrow", [log(2, "inbound", 1, 2)], customer)
    store(records, "wide", [log(1, "outbound", 1, 2, hour=hour) for hour in range(9)], customer)
    settle_all(records)
    store(records, "late", [log(2, "inbound", 1, 2)], customer)
    assert [counted for counted, _ in marks(records, customer)] == [False] + [True] * 9 + [False]


def test_settling_turns_no_mark_back(stores):
    (records, *_), _ = stores
    customer = next(customers)
    store(records, "outbound", [log(1, "outbound", 1, 2)], customer)
    store(records, "inbound", [log(2, "inbound", 1, 2)], customer)
    with records._deleting(last=False) as cursor:
        cursor.execute("DELETE FROM records WHERE customer = ? AND direction = 'outbound'", [customer])
        cursor.execute("DELETE FROM facts WHERE customer = ?", [customer])
        cursor.execute("INSERT INTO unsettled VALUES (?, ?, false)", [customer, FIRST // HOUR_MS])
    settle_all(records)
    assert marks(records, customer) == [(False, 0)]


MANY = 300
"""More of a kind than are written out in a statement."""
LARGE = {
    "addresses": (
        [log(2, "inbound", 1, 2, src_ip=f"10.9.{number // 250}.{number % 250}") for number in range(MANY)],
        [log(1, "outbound", 1, 2, src_ip=f"10.9.{number // 250}.{number % 250}") for number in range(MANY)],
    ),
    "NICs of one address": (
        [log(2, "inbound", 1, 2)],
        [log(1, "outbound", 1, 2, mac=f"000D3B{number:06X}") for number in range(MANY)],
    ),
    "flows": (
        [agent("inbound", 1, 2, dst_port=number) for number in range(MANY)],
        [agent("outbound", 1, 2, dst_port=number) for number in range(MANY)],
    ),
    "forwarded addresses": (
        [log(9, way, 1, 2, src_ip=f"10.9.{number // 250}.{number % 250}") for number in range(MANY) for way in WAYS],
        [log(1, "outbound", 1, 2, src_ip=f"10.9.{number // 250}.{number % 250}") for number in range(MANY)],
    ),
    "logs of one NIC": (
        [log(1, "outbound", 1, 2, source="nsg", resource_id=f"/nsg/{number}") for number in range(MANY)],
        [log(1, "outbound", 1, 2)],
    ),
}


@pytest.mark.parametrize("posts", LARGE.values(), ids=LARGE)
def test_many_things_at_once_are_decided_as_few_are(stores, posts):
    (records, *_), _ = stores
    for order in permutations(posts):
        customer = next(customers)
        for number, post in enumerate(order):
            store(records, f"{number}", post, customer)
        assert marks(records, customer) == plainly(order)


def test_what_is_held_in_memory_is_bounded_for_each_customer_and_for_all(monkeypatch):
    limits = {"LARGEST": 300, "_OF_A_CUSTOMER": 600, "_OF_ALL": 1500}
    for name, limit in limits.items():
        monkeypatch.setattr(kept, name, limit)
    hours, chance = kept.Hours(lambda _at, _most: Hour(has_records=True)), random.Random(3)
    for _ in range(2000):
        at = OpenHour(None, chance.randrange(6), chance.randrange(5))
        hour = hours.find(at)
        if hour is not None:
            before, number = hour.size, chance.randrange(10**9)
            match chance.randrange(4):
                case 0:
                    hour.learn(Shown(logged=frozenset({(1, f"{number}")})))
                case 1:
                    hour.learn(Shown(own=frozenset({number})))
                case 2:
                    hour.learn(Shown(opened=frozenset({(number, 1, 6, 80)})))
                case _:
                    hour.learn(Shown(forwarded=frozenset({(number, "nic")})))
            hours.grown(at, hour.size - before)
            assert hour.size <= 301
        assert hours.size <= limits["_OF_ALL"]
        held = [sum(each.size for each in of.values()) for of in hours._held.values()]
        assert sum(held) == hours.size
        assert max(held) <= limits["_OF_A_CUSTOMER"]


def test_the_present_hour_and_the_one_before_are_held_both_though_they_are_large(monkeypatch):
    monkeypatch.setattr(kept, "LARGEST", 300)
    monkeypatch.setattr(kept, "_OF_A_CUSTOMER", 600)
    read = []

    def large(at, _most):
        read.append(at.number)
        hour = Hour(has_records=True)
        hour.learn(Shown(own=frozenset(range(200))))
        return hour

    hours = kept.Hours(large)
    for number in (1, 2) * 20:
        assert hours.find(OpenHour(None, 1, number)) is not None
        hours.grown(OpenHour(None, 1, number), 0)
    assert read == [1, 2]
