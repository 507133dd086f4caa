import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.clock import from_ms, to_ms
from gateway.keeping import expired as module
from gateway.keeping.expired import delete_expired
from gateway.stores.duckdb import deleting
from gateway.stores.stores import open_stores
from gateway.traffic.posts import KEY_LIFE
from gateway.traffic.search import parse
from shared.flowlog.record import Source
from tests.gateway.client import agent_record, record
from tests.gateway.contract.made_up import made_up
from tests.gateway.contract.oracle import matches
from tests.gateway.keeping.conftest import NOW
from tests.long import first_of_each

ROOT = Path(__file__).parents[3]
DAY = timedelta(days=1)
SEARCHES = ["", "port:22", "-port:22", "src:10.0.0.0/8 -source:agent", "rule:DefaultRule_*", "bytes:>=1", "host:web-*"]


def aged(days, **changes):
    """A flow record that is so many days old."""
    return record(time=to_ms(NOW - days * DAY), **changes)


@pytest.fixture
def hold(stores, customer):
    """Makes a hold of the customer's on records from so many days old to so many, and gives its number."""

    def make(search="", oldest=1000, youngest=0):
        return stores.holds.add(customer, search, NOW - oldest * DAY, NOW - youngest * DAY, "A claim", "ada", NOW)

    return make


@pytest.fixture
def ports(stores, customer):
    """Tells the ports of the customer's records, which tests know them by."""
    return lambda: sorted(each["dst_port"] for each in stores.records.records(customer))


def test_own_days_take_the_place_of_the_general_ones_source_by_source(stores, customer, post, ports):
    stores.retention.set(customer, {Source.NSG: 10, Source.VNET: 100})
    post(customer, aged(9, dst_port=1), aged(11, dst_port=2))
    post(customer, *(aged(days, dst_port=days, source="vnet", version=4) for days in (99, 101)))
    post(customer, *(agent_record(time=to_ms(NOW - days * DAY), dst_port=days) for days in (49, 51)))
    delete_expired(stores, 50 * DAY, NOW)
    assert ports() == [1, 49, 99]


def test_without_days_of_either_kind_records_are_kept_for_ever(stores, customer, post, ports):
    stores.retention.set(customer, {Source.VNET: 1})
    post(customer, aged(5000))
    delete_expired(stores, None, NOW)
    assert ports() == [443]


def test_a_record_goes_once_it_is_older_than_its_days(stores, customer, post, ports):
    post(customer, aged(30), aged(30) | {"time": to_ms(NOW - 30 * DAY) - 1, "dst_port": 1})
    delete_expired(stores, 30 * DAY, NOW)
    assert ports() == [443]


def test_keys_follow_and_names_are_forgotten(stores, customer, post):
    post(customer, aged(40, rule="old"))
    post(customer, aged(1, rule="young"))
    delete_expired(stores, 30 * DAY, NOW)
    assert list(stores.records.rows("SELECT name FROM rules", [])) == [("young",)]
    assert stores.records.forget_keys(NOW + KEY_LIFE + DAY) == 1


def test_a_hold_keeps_what_it_covers_until_it_is_lifted(stores, customer, post, ports, hold):
    post(customer, *(aged(days, dst_port=port) for days in (31, 50, 70) for port in (22, 443)))
    number = hold("dport:22", oldest=60, youngest=40)
    delete_expired(stores, 30 * DAY, NOW)
    assert ports() == [22]
    stores.holds.lift(customer, number, NOW)
    delete_expired(stores, 30 * DAY, NOW)
    assert ports() == []


def test_a_hold_begins_with_its_first_moment_and_ends_before_its_last(stores, customer, post, ports, hold):
    hold(oldest=60, youngest=40)
    post(customer, aged(60, dst_port=1), aged(40, dst_port=2))
    delete_expired(stores, 30 * DAY, NOW)
    assert ports() == [1]


def test_a_hold_keeps_nothing_of_another_customer(stores, post, hold):
    other = stores.accounts.add_customer("other")
    hold()
    post(other, aged(40))
    delete_expired(stores, 30 * DAY, NOW)
    assert stores.records.count(other) == 0


def test_a_hold_whose_search_is_not_understood_keeps_all_of_its_span_and_is_reported_once(
    stores, customer, post, ports, hold, caplog, monkeypatch
):
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    number = hold("colour:red", oldest=60, youngest=40)
    for days in (35, 50, 51, 70):
        post(customer, aged(days, dst_port=days))
    delete_expired(stores, 30 * DAY, NOW)
    assert ports() == [50, 51]
    (told,) = [each.getMessage() for each in caplog.records]
    assert told.startswith(f"The search of hold {number} of customer {customer} can no longer be parsed")


@pytest.mark.parametrize("change", ["hold", "days"])
def test_a_hold_or_days_that_are_set_during_a_deletion_wait_for_its_end_and_keep_all_that_is_left(
    stores, customer, post, ports, hold, monkeypatch, change
):
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    for port in range(6):
        post(customer, aged(40, dst_port=port))
    set_it = {"hold": hold, "days": lambda: stores.retention.set(customer, {Source.NSG: 50})}[change]
    left = []
    setting = threading.Thread(target=lambda: (set_it(), left.extend(ports())))
    deleted, transaction = deleting.delete, stores.database.transaction

    def deleted_while_somebody_sets_it(*arguments):
        if ports() == [2, 3, 4, 5]:
            setting.start()
        return deleted(*arguments)

    def transaction_after_it():
        if setting.ident not in {None, threading.get_ident()}:
            setting.join()
        return transaction()

    monkeypatch.setattr(deleting, "delete", deleted_while_somebody_sets_it)
    monkeypatch.setattr(type(stores.database), "transaction", lambda _database: transaction_after_it())
    delete_expired(stores, 30 * DAY, NOW)
    assert left == ports() == [3, 4, 5]


@pytest.mark.parametrize("seed", first_of_each(range(6), 3))
def test_exactly_what_has_outlived_its_time_and_is_not_held_is_deleted(stores, post, monkeypatch, seed):
    chance = random.Random(seed)
    monkeypatch.setattr(module, "_AT_ONCE", chance.choice([1, 50, 500_000]))
    general = chance.choice([None, 3 * DAY])
    customers = [stores.accounts.add_customer(f"customer {number}") for number in range(3)]
    expected = {}
    for customer in customers:
        made = [made_up(chance) | {"time": to_ms(NOW) - chance.randrange(6 * 86_400_000)} for _ in range(120)]
        post(customer, *made[:50])
        post(customer, *made[50:])
        days = {source: chance.randrange(1, 6) for source in Source if chance.random() < 0.6}
        stores.retention.set(customer, days)
        held = [_made_up_hold(chance, stores, customer) for _ in range(chance.randrange(4))]
        expected[customer] = [each for each in made if not _goes(each, days, general, held)]
    delete_expired(stores, general, NOW)
    for customer in customers:
        left = Counter(repr(sorted(each.items())) for each in stores.records.records(customer))
        assert left == Counter(repr(sorted(each.items())) for each in expected[customer])


def _made_up_hold(chance, stores, customer):
    search = chance.choice(SEARCHES)
    begins = NOW - chance.randrange(6) * DAY
    ends = begins + chance.randrange(1, 4) * DAY
    number = stores.holds.add(customer, search, begins, ends, "A claim", "ada", NOW)
    if chance.random() < 0.3:
        stores.holds.lift(customer, number, NOW)
        return None
    return search, begins, ends


def _goes(flow, days, general, held):
    """The same in plain Python."""
    own = days.get(Source(flow["source"]))
    life = general if own is None else own * DAY
    time = from_ms(flow["time"])
    if life is None or time >= NOW - life:
        return False
    return not any(
        begins <= time < ends and matches(parse(search), flow) for search, begins, ends in filter(None, held)
    )


KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from gateway.keeping import expired
from gateway.stores.duckdb import deleting
from gateway.stores.stores import open_stores
from tests.gateway.keeping.conftest import NOW

expired._AT_ONCE = 100
delete, left = deleting.delete, int(sys.argv[2])

def counted(*arguments):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return delete(*arguments)

deleting.delete = counted
expired.delete_expired(open_stores(Path(sys.argv[1])), timedelta(days=30), NOW)
"""
"""Is killed within the deletion of a slice, after as many others as it is told."""


@pytest.mark.parametrize("slices", [pytest.param(0, marks=pytest.mark.long), 2])
def test_a_kill_leaves_whole_slices_and_the_next_time_all_of_it_is_done(tmp_path, stores, customer, post, slices):
    for number in range(4):
        post(customer, *[aged(40, rule=f"rule {number}")] * 100)
    post(customer, aged(1, rule="young"))
    stores.close()
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(slices)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_stores(tmp_path) as again:
        assert again.records.count(customer) == 401 - 100 * slices
        delete_expired(again, 30 * DAY, NOW)
        assert [each["rule"] for each in again.records.records(customer)] == ["young"]
        assert list(again.records.rows("SELECT name FROM rules", [])) == [("young",)]
