import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from gateway.clock import to_ms
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.migrations import OtherVersionError
from gateway.traffic.posts import KEY_LIFE, Post
from gateway.traffic.store import KeyTakenError, StoreUnavailableError
from gateway.traffic.transposed import transposed
from shared.flowlog.record import COUNTERS
from tests.gateway.client import record
from tests.gateway.stores.duckdb.deleting import delete
from tests.shared.flowlog.test_check import AGENTS

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


def post(key, customer=1, accepted_at=NOW):
    return Post(customer, key, b"hash", b"{}", accepted_at)


def test_what_is_stored_is_found_after_a_restart(path):
    before = DuckDBRecords.open(path)
    before.store(post("key"), transposed([record(), record(src_port=1)]))
    before.close()
    after = DuckDBRecords.open(path)
    assert after.find(1, "key") == post("key")
    assert after.count(1) == 2
    assert [arrived for _, arrived in after.accepted(1)] == [NOW, NOW]
    after.close()


def test_a_post_without_records_is_a_post(records):
    records.store(post("key"), transposed([]))
    assert records.find(1, "key") == post("key")
    assert records.count(1) == 0


def test_a_key_that_is_there_already_stores_nothing(records):
    records.store(post("key"), transposed([record()]))
    with pytest.raises(KeyTakenError):
        records.store(post("key"), transposed([record()]))
    assert records.count(1) == 1
    records.store(post("key", customer=2), transposed([record()]))
    assert (records.count(1), records.count(2)) == (1, 1)


def test_records_that_cannot_be_loaded_leave_no_key_behind(records):
    with pytest.raises(StoreUnavailableError):
        records.store(post("key"), transposed([record(), record(rule="new", src_port=65536)]))
    assert records.find(1, "key") is None
    assert records.count(1) == 0
    records.store(post("key"), transposed([record()]))


def test_addresses_are_stored_as_numbers_too(records):
    records.store(post("key"), transposed([record(src_ip="10.0.0.4", dst_ip="2001:db8::")]))
    (row,) = records.rows("SELECT src_number, dst_number FROM records", [])
    assert row == (0xFFFF_0A00_0004, 0x2001_0DB8 << 96)


def test_a_key_is_forgotten_after_its_life_unless_it_has_records(records):
    records.store(post("empty"), transposed([]))
    records.store(post("full"), transposed([record()]))
    assert records.forget_keys(NOW + KEY_LIFE) == 0
    assert records.forget_keys(NOW + KEY_LIFE + timedelta(milliseconds=1)) == 1
    assert records.find(1, "empty") is None
    assert records.find(1, "full") is not None
    records.store(post("empty"), transposed([record()]))


def test_every_record_comes_back_as_it_was_stored(path):
    stored = [
        record(),
        record(),
        record(src_ip="2001:db8::", dst_ip="::"),
        record(src_ip="::ffff:10.0.0.4", dst_ip="10.0.0.4"),
        record(src_ip="10.0.0.4", dst_ip="::ffff:10.0.0.4"),
        record(direction="inbound", decision="deny", state=None, version=1, **dict.fromkeys(COUNTERS)),
        record(source="vnet", version=4, state="end", encryption="NX", acl_id="A", flow_log_id="F", mac=None),
        AGENTS,
        AGENTS | {"direction": None, "direction_basis": "unknown", "src_port": 0, "process": None},
        record(bytes_dst_to_src=10**18 - 1, packets_src_to_dst=0, rule="", resource_id='it\'s "quoted"'),
    ]
    first = DuckDBRecords.open(path)
    first.store(post("first"), transposed(stored[:4]))
    first.close()
    again = DuckDBRecords.open(path)
    again.store(post("second"), transposed(stored[4:]))
    assert Counter(repr(sorted(each.items())) for each in again.records(1)) == Counter(
        repr(sorted(each.items())) for each in stored
    )
    again.close()


def test_what_was_undone_takes_no_number_from_what_comes_after(records):
    with pytest.raises(StoreUnavailableError):
        records.store(post("undone"), transposed([record(rule="undone"), record(src_port=65536)]))
    records.store(post("a"), transposed([record(rule="a")]))
    records.store(post("b"), transposed([record(rule="b"), record(rule="a")]))
    assert sorted(each["rule"] for each in records.records(1)) == ["a", "a", "b"]


def delete_before(records, time):
    delete(records, spans=((0, to_ms(time)),))


def test_the_keys_of_records_that_were_deleted_are_forgotten_once_they_have_outlived_their_life(records):
    records.store(post("old"), transposed([record(time=to_ms(NOW) - 1)]))
    records.store(post("young"), transposed([record(time=to_ms(NOW))]))
    delete_before(records, NOW)
    assert [each["time"] for each in records.records(1)] == [to_ms(NOW)]
    assert records.forget_keys(NOW + KEY_LIFE + timedelta(milliseconds=1)) == 1
    assert [each.key for each in records.posts(1)] == ["young"]


def test_a_deletion_that_fails_deletes_nothing(records):
    records.store(post("key"), transposed([record()]))
    with pytest.raises(KeyError), records._deleting(last=True) as cursor:
        raise KeyError(cursor.execute("DELETE FROM records"))
    assert records.count(1) == 1
    assert [name for (name,) in records.rows("SELECT name FROM rules", [])] == [record()["rule"]]


def test_a_post_of_many_names_is_stored_with_each_of_them(records):
    many = [record(rule=f"rule {number}", resource_id=f"/resource/{number % 300}") for number in range(1000)]
    records.store(post("many"), transposed(many))
    assert sorted(each["rule"] for each in records.records(1)) == sorted(each["rule"] for each in many)


def test_what_no_record_repeats_any_more_is_forgotten_and_the_rest_keeps_its_name(records):
    for key, time, rule in (("old", -1, "old"), ("young", 0, "young"), ("both", -1, "young")):
        records.store(post(key), transposed([record(time=to_ms(NOW) + time, rule=rule)]))
    delete(records, "rule:old", last=False)
    assert list(records.rows("SELECT count(*) FROM rules", [])) == [(2,)]
    delete_before(records, NOW)
    assert [name for (name,) in records.rows("SELECT name FROM rules", [])] == ["young"]
    records.store(post("new"), transposed([record(rule="new", time=to_ms(NOW)), record(rule="old", time=to_ms(NOW))]))
    assert sorted(each["rule"] for each in records.records(1)) == ["new", "old", "young"]


@pytest.mark.usefixtures("records")
def test_only_one_process_has_the_file(path):
    program = (
        "from pathlib import Path; from gateway.stores.duckdb.records import DuckDBRecords; "
        f"DuckDBRecords.open(Path({str(path)!r}))"
    )
    second = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    assert b"Is another gateway serving from that directory?" in second.stderr


def test_a_file_of_another_version_is_left_alone(path):
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE schema_version AS SELECT 99 AS version")
    with pytest.raises(OtherVersionError, match="newer version"):
        DuckDBRecords.open(path)


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from gateway.traffic.transposed import transposed
from gateway.stores.duckdb.records import DuckDBRecords
from tests.gateway.client import record
from tests.gateway.stores.duckdb.test_records import post

class Cursor:
    def __init__(self, cursor, after):
        self.cursor, self.left = cursor, after
    def __getattr__(self, name):
        call = getattr(self.cursor, name)
        def counted(*arguments):
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)
            self.left -= 1
            return call(*arguments)
        return counted

class Connection:
    def __init__(self, connection, after):
        self.connection, self.after = connection, after
    def cursor(self):
        return Cursor(self.connection.cursor(), self.after)
    def execute(self, *arguments):
        return self.connection.execute(*arguments)

after, killed = 0, True
while killed:
    if not os.fork():
        path = Path(sys.argv[1]) / str(after)
        DuckDBRecords.open(path).close()
        records = DuckDBRecords(Connection(duckdb.connect(path), after))
        records.store(post("key"), transposed([record(src_port=port) for port in range(1000)]))
        os._exit(0)
    killed = os.WTERMSIG(os.wait()[1]) == signal.SIGKILL
    after += 1
"""
"""A store a process; the first is killed before its first step, the next after it, and so on, until one gets done."""


@pytest.mark.long
def test_a_kill_between_two_steps_leaves_all_of_a_post_or_nothing(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=ROOT, check=True)
    stored = []
    for left in sorted((path for path in tmp_path.iterdir() if path.name.isdigit()), key=lambda path: int(path.name)):
        records = DuckDBRecords.open(left)
        stored.append(records.count(1))
        assert (records.find(1, "key") is not None) == (stored[-1] > 0)
        if not stored[-1]:
            records.store(post("key"), transposed([record(src_port=port) for port in range(1000)]))
        assert list(records.rows("SELECT count(*) FILTER (counted), count(DISTINCT line) FROM records", [])) == [
            (1000, 1000)
        ]
        assert list(records.rows("SELECT count(*) FROM facts", [])) == [(1,)]
        records.close()
    assert len(stored) > 8
    assert stored == sorted(stored)
    assert set(stored) == {0, 1000}


def test_of_many_storage_accounts_the_newest_refusals_are_kept(records, monkeypatch):
    monkeypatch.setattr("gateway.stores.duckdb.posts.MOST_REFUSALS", 3)
    for number in range(5):
        records.refuse(1, f"account{number}", NOW + timedelta(seconds=number), 400, "why")
        records.refuse(2, "other", NOW, 400, "why")
    for account in ("late", "later"):
        records.refuse(1, account, NOW + timedelta(seconds=4), 400, "why")
    kept = {account for (account,) in records.rows("SELECT account FROM refusals WHERE customer = 1", [])}
    assert len(kept) == 3
    assert "later" in kept
    assert not kept & {"account0", "account1"}
    assert list(records.rows("SELECT count(*) FROM refusals WHERE customer = 2", [])) == [(1,)]
