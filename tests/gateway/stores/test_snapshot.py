import threading
from datetime import UTC, datetime
from itertools import count

import duckdb
import pytest

from gateway.clock import utc_now
from gateway.stores.duckdb import snapshot as module
from gateway.stores.snapshot import snapshot
from gateway.stores.stores import open_stores
from gateway.traffic.posts import Post
from gateway.traffic.store import KeyTakenError
from gateway.traffic.transposed import transposed
from tests.gateway.client import agent_record, record
from tests.gateway.stores.duckdb.deleting import delete

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def copied(tmp_path):
    """The directory of the copies, whose name needs quoting."""
    folder = tmp_path / "it's a copy"
    folder.mkdir()
    return folder


def copy(stores, folder, clock=utc_now):
    with snapshot(stores, clock) as taken:
        taken.copy_accounts(folder / "accounts.sqlite")
        taken.copy_records(folder / "records.duckdb", lambda _: None)
    return taken.moment


def test_what_is_written_after_the_moment_is_not_copied(stores, copied):
    stores.records.store(Post(1, "before", b"", b"{}", NOW), transposed([record(src_port=1)]))
    stores.accounts.add_customer("before")
    with snapshot(stores, utc_now) as taken:
        stores.records.store(Post(1, "after", b"", b"{}", NOW), transposed([record(src_port=2)]))
        stores.accounts.add_customer("after")
        taken.copy_accounts(copied / "accounts.sqlite")
        assert taken.copy_records(copied / "records.duckdb", lambda _: None) == 1
    with open_stores(copied) as copies:
        assert list(copies.records.records(1)) == [record(src_port=1)]
        assert [post.key for post in copies.records.posts(1)] == ["before"]
        assert copies.database.run("SELECT name FROM customers") == [("before",)]
    assert stores.records.count(1) == 2


def test_the_copy_continues_as_the_store_would(stores, copied):
    for key in ("1", "2"):
        stores.records.store(Post(1, key, b"", b"{}", NOW), transposed([record(), agent_record()]))
    copy(stores, copied)
    with open_stores(copied) as copies, duckdb.connect() as plain:
        with pytest.raises(KeyTakenError):
            copies.records.store(Post(1, "2", b"", b"{}", NOW), transposed([record()]))
        copies.records.store(Post(1, "3", b"", b"{}", NOW), transposed([agent_record(state="end")]))
        assert sorted(copies.records.rows("SELECT id, key FROM posts", [])) == [(1, "1"), (2, "2"), (4, "3")]
        assert copies.records.count(1) == 5
        assert not plain.execute("SELECT * FROM duckdb_databases() WHERE database_name LIKE 'backup%'").fetchall()


@pytest.mark.parametrize(
    "of",
    [
        "SELECT table_name, sql FROM duckdb_tables() ORDER BY ALL",
        "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL",
        "SELECT type_name, labels FROM duckdb_types() WHERE NOT internal ORDER BY ALL",
        "SELECT sequence_name, last_value FROM duckdb_sequences()",
    ],
)
def test_the_copy_has_all_that_the_file_has(stores, copied, of):
    stores.records.store(Post(1, "1", b"", b"{}", NOW), transposed([record()]))
    copy(stores, copied)
    with open_stores(copied) as copies:
        assert list(copies.records.rows(of, [])) == list(stores.records.rows(of, []))


def test_both_files_are_of_one_moment(stores, copied):
    written, ended = threading.Semaphore(0), threading.Event()

    def write():
        for number in count():
            if ended.is_set():
                return
            stores.accounts.add_customer(str(number))
            stores.records.store(Post(1, str(number), b"", b"{}", utc_now()), transposed([record()]))
            written.release()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(3):
            assert written.acquire(timeout=20)
        moment = copy(stores, copied)
    finally:
        ended.set()
        thread.join()
    with open_stores(copied) as copies:
        ((customers,),) = copies.database.run("SELECT count(*) FROM customers")
        posts = list(copies.records.posts(1))
    assert customers - len(posts) in {0, 1}
    assert len(posts) >= 3
    assert all(post.accepted_at <= moment for post in posts)


def test_how_far_it_is_is_reported_in_rows(stores, copied, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 2)
    stores.records.store(Post(1, "1", b"", b"{}", NOW), transposed([record(src_port=port) for port in range(5)]))
    told = []
    with snapshot(stores, utc_now) as taken:
        taken.copy_records(copied / "records.duckdb", told.append)
    assert [line for line in told if line.startswith("records")] == [f"records: {done} of 5" for done in (2, 4, 5)]


def test_rows_that_were_forgotten_leave_no_gap_that_ends_the_copy(stores, copied, monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 2)
    times = [1795447800000 + minute * 60_000 for minute in range(9)]
    stores.records.store(Post(1, "1", b"", b"{}", NOW), transposed([record(time=time) for time in times]))
    delete(stores.records, spans=((0, times[7]),))
    copy(stores, copied)
    with open_stores(copied) as copies:
        assert sorted(each["time"] for each in copies.records.records(1)) == times[7:]
