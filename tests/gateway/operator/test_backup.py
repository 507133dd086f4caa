import http.client
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Semaphore

import orjson
import pytest

from benchmarks.visitor import Visitor, visiting
from dev.gateway.local import GatewayProcess, new_customer
from gateway.cli import main
from gateway.clock import utc_now
from gateway.operator.archive import Manifest
from gateway.operator.client import carry_out
from gateway.operator.socket import connected
from gateway.operator.work import RefusedError
from gateway.stores.duckdb import snapshot as copying
from gateway.stores.snapshot import snapshot
from gateway.stores.stores import open_database, open_stores
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import Client, ndjson, record
from tests.gateway.operator.conftest import NOW, operated

ROOT = Path(__file__).resolve().parents[3]


def silent(_):
    """Hear no progress."""


def arguments(target, *, key=False):
    return {"to": str(target), "with_secrets_key": key}


def names(directory):
    return {path.name for path in directory.iterdir()}


class Sender:
    """Posts under keys of its own, one after another, and notes when each was acknowledged."""

    def __init__(self, client):
        self.acknowledged = {}
        self.answered = Semaphore(0)
        self._client = client
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self):
        for number in count():
            if self._ended.is_set():
                return
            key = f"{id(self)}-{number}"
            answer = self._client.post(body(key), key=key)
            assert answer.status_code == 202
            self.acknowledged[key] = datetime.now(UTC)
            self.answered.release()

    def close(self):
        self._ended.set()
        self._thread.join()


def body(key):
    return ndjson(*(record(src_port=port, rule=key) for port in (1, 2, 3)))


def test_a_backup_under_load_restores_to_exactly_what_was_acknowledged_before_its_moment(tmp_path):
    data, target, restored = tmp_path / "data", tmp_path / "backup", tmp_path / "restored"
    with closing(open_database(data)) as database:
        customer = new_customer(database, "customer")
    with GatewayProcess(data) as gateway:
        visitor = Visitor(gateway.url, customer)
        with visiting(visitor, ("/?range=all", "/traffic?range=all"), pause=0) as visit, ExitStack() as sending:
            client = Client(gateway.url, customer.subscription_token, customer.number)
            senders = [sending.enter_context(closing(Sender(client))) for _ in range(2)]
            assert all(sender.answered.acquire(timeout=20) for sender in senders for _ in range(3))
            assert main(["backup", "--data", str(data), str(target)]) == 0
            assert all(sender.answered.acquire(timeout=20) for sender in senders for _ in range(3))
    assert visit.seconds
    moment = Manifest.read(target).moment
    assert main(["restore", str(target), "--data", str(restored)]) == 0
    with open_stores(data) as stores:
        live = {post.key: post.accepted_at for post in stores.records.posts(customer.number)}
    with open_stores(restored) as stores:
        kept = {post.key for post in stores.records.posts(customer.number)}
        rows = sorted((row["rule"], row["src_port"]) for row in stores.records.records(customer.number))
    acknowledged = {key for sender in senders for key, at in sender.acknowledged.items() if at < moment}
    assert acknowledged <= kept <= live.keys()
    assert kept.isdisjoint(key for key, at in live.items() if at > moment)
    assert kept < live.keys()
    assert rows == sorted((key, port) for key in kept for port in (1, 2, 3))


def test_a_backup_is_for_its_owner_alone(data, backup):
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}
    assert names(backup.parent) == {data.name, backup.name}


def test_the_secrets_key_is_left_out_unless_it_is_asked_for(data, backup, tmp_path, capsys):
    assert names(backup) == {"accounts.sqlite", "records.duckdb", "manifest.json"}
    assert main(["backup", "--data", str(data), str(tmp_path / "without")]) == 0
    assert "without secrets.key" in capsys.readouterr().err
    assert main(["backup", "--data", str(data), str(tmp_path / "with"), "--with-secrets-key"]) == 0
    assert (tmp_path / "with" / "secrets.key").read_bytes() == (data / "secrets.key").read_bytes()
    assert (tmp_path / "with" / "secrets.key").stat().st_mode & 0o777 == 0o600
    assert "with secrets.key" in capsys.readouterr().err


def test_no_secret_reaches_what_is_reported(data, tmp_path, capsys):
    assert main(["backup", "--data", str(data), str(tmp_path / "with"), "--with-secrets-key", "--json"]) == 0
    told = "".join(capsys.readouterr())
    assert (data / "secrets.key").read_text() not in told
    assert "secret of shop" not in told


def test_what_was_done_is_reported_as_json(data, tmp_path, capsys):
    target = tmp_path / "backup"
    target.mkdir()
    assert main(["backup", "--data", str(data), str(target), "--json"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert told == {
        "backup": str(target),
        "moment": Manifest.read(target).moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "records": 1,
        "bytes": sum((target / name).stat().st_size for name in ("accounts.sqlite", "records.duckdb")),
        "secrets_key": False,
    }


def test_a_gateway_that_serves_makes_the_backup_where_the_command_was_told_to(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with operated(data):
        assert main(["backup", "--data", str(data), "backup"]) == 0
    assert "records: 1 of 1" in capsys.readouterr().err
    assert Manifest.read(tmp_path / "backup").files.keys() == {"accounts.sqlite", "records.duckdb"}


@pytest.mark.parametrize("taken", ["a file", "a full directory", "a link to nothing"])
def test_nothing_is_written_over(data, tmp_path, capsys, taken):
    target = tmp_path / "backup"
    match taken:
        case "a file":
            target.touch()
        case "a full directory":
            target.mkdir()
            (target / "mine").touch()
        case _:
            target.symlink_to(target.with_name("mine"))
            (tmp_path / "mine").touch()
    before = names(tmp_path)
    assert main(["backup", "--data", str(data), str(target)]) == 1
    assert "Name an empty directory" in capsys.readouterr().err
    assert names(tmp_path) == before


def test_a_directory_that_no_gateway_kept_anything_in_is_not_backed_up(tmp_path, capsys):
    assert main(["backup", "--data", str(tmp_path / "dtaa"), str(tmp_path / "backup")]) == 1
    assert "Name the directory that the gateway serves from." in capsys.readouterr().err
    assert names(tmp_path) == set()


def test_a_full_disk_ends_in_a_sentence_and_the_gateway_continues(data, tiny_disk, tmp_path):
    with operated(data) as stores:
        with pytest.raises(RefusedError, match="its disk is not full, then try again"):
            carry_out(data, "backup", arguments(tiny_disk / "backup"), silent)
        assert names(tiny_disk) == set()
        stores.records.store(Post(1, "after", b"", b"{}", NOW), transposed([record()]))
        assert carry_out(data, "backup", arguments(tmp_path / "backup"), silent)["records"] == 2


def test_where_a_disk_is_mounted_a_directory_in_it_is_asked_for(data, tiny_disk, capsys):
    assert main(["backup", "--data", str(data), str(tiny_disk)]) == 1
    assert "Name a directory within it" in capsys.readouterr().err


def test_a_gateway_that_is_killed_leaves_no_backup(data, tmp_path):
    with open_stores(data) as stores:
        stores.records.store(Post(1, "many", b"", b"{}", NOW), transposed([record()] * 20_000))
    target = tmp_path / "backup"
    with GatewayProcess(data) as gateway:
        with pytest.raises(RefusedError, match=r"The gateway stopped (answering|before)"):
            carry_out(data, "backup", arguments(target), lambda _: gateway.kill())
        assert not target.exists()
    assert carry_out(data, "backup", arguments(target), silent)["records"] == 20_001


def begun(data, target):
    """Ask for a backup, and return the connection once it has begun."""
    asking = http.client.HTTPConnection("gateway")
    asking.sock = connected(data)
    asking.request("POST", "/backup", orjson.dumps(arguments(target)))
    assert "progress" in orjson.loads(asking.getresponse().readline())
    return asking


@pytest.fixture
def slow(data, monkeypatch):
    """Lets a backup take hundreds of steps."""
    with open_stores(data) as stores:
        stores.records.store(Post(1, "many", b"", b"{}", NOW), transposed([record()] * 20_000))
    monkeypatch.setattr(copying, "_ROWS", 50)


@pytest.mark.usefixtures("slow")
def test_a_command_that_is_killed_leaves_nothing(data, tmp_path):
    with operated(data):
        asking = begun(data, tmp_path / "backup")
        [operation] = [thread for thread in threading.enumerate() if thread.name == "operation"]
        asking.sock.shutdown(socket.SHUT_RDWR)
        operation.join(timeout=20)
        assert not operation.is_alive()
        assert names(tmp_path) == {"data"}
        asking.close()


@pytest.mark.usefixtures("slow")
def test_a_gateway_that_ends_leaves_no_backup_half_done(data, tmp_path):
    with operated(data):
        asking = begun(data, tmp_path / "backup")
    asking.close()
    assert names(tmp_path) == {"data"}


def test_a_command_without_a_gateway_that_is_killed_leaves_no_backup(data, tmp_path):
    program = (
        "import os, sys; from pathlib import Path; from gateway.operator.client import carry_out;"
        "carry_out(Path(sys.argv[1]), 'backup', {'to': sys.argv[2], 'with_secrets_key': False},"
        "lambda _: os.kill(os.getpid(), 9))"
    )
    done = subprocess.run([sys.executable, "-c", program, data, tmp_path / "backup"], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert not (tmp_path / "backup").exists()
    assert main(["backup", "--data", str(data), str(tmp_path / "backup")]) == 0


def test_whoever_has_a_backup_can_sign_in_as_nobody(data, backup):
    """Neither the key that signs auth tokens is in it, nor a session, nor a byte of either."""
    with open_stores(data) as stores:
        key = stores.accounts.signing_key()
        (session,) = (hashed for (hashed,) in stores.database.run("SELECT hash FROM sessions"))
    with closing(sqlite3.connect(backup / "accounts.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert copy.execute("SELECT key FROM signing_key").fetchone() != (key,)
    written = (backup / "accounts.sqlite").read_bytes()
    assert key not in written
    assert session not in written


def test_a_backup_that_copies_records_keeps_no_removal_waiting(data, tmp_path):
    with open_stores(data) as stores, snapshot(stores, utc_now) as taken:
        taken.copy_accounts(tmp_path / "accounts.sqlite")
        assert stores.database.empty_log()
        taken.copy_records(tmp_path / "records.duckdb", silent)


def test_a_log_that_somebody_reads_is_not_waited_for(data):
    with open_stores(data) as stores, closing(stores.database.snapshot()):
        stores.database.run("UPDATE customers SET name = name")
        began = time.monotonic()
        assert not stores.database.empty_log()
        assert time.monotonic() - began < 5
