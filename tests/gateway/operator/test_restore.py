import hashlib
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from datetime import timedelta
from itertools import product
from pathlib import Path

import orjson
import pytest
import requests

from dev.gateway.local import new_customer, run_in_thread
from gateway.cli import main
from gateway.clock import iso, utc_now
from gateway.operator.archive import Manifest
from gateway.stores.accounts_schema import SCHEMA
from gateway.stores.stores import open_database, open_stores
from gateway.stores.upgrade import upgrade
from tests.gateway.client import Client, ndjson, record
from tests.gateway.operator.conftest import NOW, operated

ROOT = Path(__file__).resolve().parents[3]
VERSION_0_1 = Path(__file__).resolve().parents[1] / "stores" / "version_0_1" / "data.tar.gz"
FILES = ("accounts.sqlite", "records.duckdb", "secrets.key")


@pytest.fixture
def restored(tmp_path):
    return tmp_path / "restored"


@pytest.fixture
def whole_backup(data, tmp_path):
    """A backup with all files that there can be."""
    target = tmp_path / "whole"
    assert main(["backup", "--data", str(data), str(target), "--with-secrets-key"]) == 0
    return target


def restore(backup, data, *options):
    return main(["restore", str(backup), "--data", str(data), *options])


def refused(capsys, backup, restored):
    """Restore in vain, see that nothing was changed, and return the sentence."""
    capsys.readouterr()
    assert restore(backup, restored) == 1
    assert not restored.exists()
    restored.mkdir()
    assert restore(backup, restored) == 1
    assert list(restored.iterdir()) == []
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.endswith(".")
    return told


def change_manifest(backup, change):
    path = backup / "manifest.json"
    manifest = orjson.loads(path.read_bytes())
    change(manifest)
    path.write_bytes(orjson.dumps(manifest))


def test_what_was_backed_up_is_there_again_for_its_owner_alone(data, whole_backup, restored):
    assert restore(whole_backup, restored) == 0
    assert {path.name for path in restored.iterdir()} == set(FILES)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (restored, *restored.iterdir()))
    with open_stores(data) as before, open_stores(restored) as after:
        assert list(after.records.accepted(1)) == list(before.records.accepted(1))
        assert list(after.records.posts(1)) == list(before.records.posts(1))
        assert after.deployments.connection_strings(1, "shop-prod") == {"shop": "secret of shop"}
        assert after.accounts.sign_in("ada", "password") == before.accounts.sign_in("ada", "password")


def test_a_restored_gateway_refuses_sessions_and_auth_tokens_and_takes_subscription_tokens(tmp_path, restored):
    data = tmp_path / "data"
    with closing(open_database(data)) as database:
        customer = new_customer(database, "customer")
    form = {"username": customer.user, "password": customer.password, "token": "true"}
    with run_in_thread(data) as gateway:
        auth_token = requests.post(gateway.url + "/auth", data=form, timeout=20).text
        session = gateway.stores.sessions.begin(1, utc_now())
    assert main(["backup", "--data", str(data), str(tmp_path / "backup")]) == 0
    assert restore(tmp_path / "backup", restored) == 0
    with run_in_thread(restored) as gateway:
        asked = Client(gateway.url, auth_token, customer.number).call("POST", "/qas/subscription-token")
        assert asked.status_code == 401
        assert gateway.stores.sessions.find(session, utc_now()) is None
        cookies = {f"sluice-{gateway.stores.accounts.fingerprint()}": session}
        page = requests.get(gateway.url + "/", cookies=cookies, allow_redirects=False, timeout=20)
        assert page.headers["Location"].startswith("/sign-in")
        posted = Client(gateway.url, customer.subscription_token, customer.number).post(ndjson(record()))
        assert posted.status_code == 202


def test_the_tokens_that_were_good_are_listed(data, tmp_path, restored, capsys):
    with open_stores(data) as stores:
        [good] = stores.tokens.all(1)
        stores.tokens.add(1, utc_now() - timedelta(days=2), timedelta(days=1), "expired")
        _, revoked = stores.tokens.add(1, utc_now(), timedelta(days=30), "revoked")
        stores.tokens.revoke(1, revoked.number, utc_now())
    assert main(["backup", "--data", str(data), str(tmp_path / "backup")]) == 0
    with open_stores(data) as stores:
        stores.tokens.revoke(1, good.number, utc_now())
    capsys.readouterr()
    assert restore(tmp_path / "backup", restored, "--json") == 0
    told = capsys.readouterr()
    assert orjson.loads(told.out)["tokens"] == [
        {"customer": "contoso", "number": good.number, "purpose": "function", "expires_at": iso(good.expires_at)}
    ]
    assert f"  contoso: token {good.number} (function), until {iso(good.expires_at)}" in told.err.splitlines()


def test_without_the_secrets_key_it_is_said_what_is_to_be_entered_again(data, backup, restored, capsys):
    assert restore(backup, restored, "--json") == 0
    told = capsys.readouterr()
    assert orjson.loads(told.out)["enter_again"] == [
        {"customer": "contoso", "deployment": "shop-prod", "accounts": ["shop"]}
    ]
    assert "  contoso: shop-prod (shop)" in told.err.splitlines()
    shutil.copy(data / "secrets.key", restored)
    with open_stores(restored) as stores:
        assert stores.deployments.connection_strings(1, "shop-prod") == {"shop": "secret of shop"}


def test_with_it_nothing_is(whole_backup, restored, capsys):
    capsys.readouterr()
    assert restore(whole_backup, restored, "--json") == 0
    told = capsys.readouterr()
    assert orjson.loads(told.out)["enter_again"] == []
    assert "secrets.key" not in told.err.splitlines()[-1]


def test_the_replay_that_fills_the_gap_is_written_out(backup, restored, capsys):
    assert restore(backup, restored, "--json") == 0
    told = capsys.readouterr()
    [replay] = orjson.loads(told.out)["replay"]
    end = utc_now() + timedelta(hours=1)
    command = f"sluice replay --from 2026-11-23T14 --to {end:%Y-%m-%dT%H}"
    assert replay == {"customer": "contoso", "account": "shop", "from": "2026-11-23T14", "command": command}
    assert f"  contoso: shop: {command}" in told.err.splitlines()


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *product(FILES, ("a bit", "missing")),
        *product(FILES[1:2], ("cut off", "a link", "a directory")),
    ],
)
def test_a_damaged_backup_is_refused_by_the_name_of_what_is_damaged(whole_backup, restored, capsys, name, harm):
    path = whole_backup / name
    content = bytearray(path.read_bytes())
    path.unlink()
    match harm:
        case "a bit":
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        case "cut off":
            path.write_bytes(content[:-1])
        case "a link":
            (whole_backup / "elsewhere").write_bytes(content)
            path.symlink_to("elsewhere")
        case "a directory":
            path.mkdir()
    told = refused(capsys, whole_backup, restored)
    assert told.startswith(str(path))
    assert ("is damaged" if harm in {"a bit", "cut off"} else "is missing, or is not a file") in told


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (b"{", "damaged"),
        (b"\xff", "damaged"),
        (b"[]", "damaged"),
        (b"{}", "damaged"),
        (b'{"format": 1}', "damaged"),
        (b'{"format": 2}', "has format 2, but this version of the gateway knows only 1"),
        (None, "is not a backup"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(backup, restored, capsys, written, named):
    (backup / "manifest.json").unlink()
    if written is not None:
        (backup / "manifest.json").write_bytes(written)
    assert named in refused(capsys, backup, restored)


@pytest.mark.parametrize("name", ["../records.duckdb", "/etc/passwd", "gateway.sock", ""])
def test_names_that_a_backup_does_not_have_are_refused(backup, restored, capsys, name):
    change_manifest(backup, lambda manifest: manifest["files"].update({name: manifest["files"]["records.duckdb"]}))
    assert "does not name the files of a backup" in refused(capsys, backup, restored)


@pytest.mark.parametrize("part", ["files", "schemas"])
def test_a_manifest_that_leaves_a_file_out_is_refused(backup, restored, capsys, part):
    change_manifest(backup, lambda manifest: manifest[part].pop("accounts.sqlite"))
    assert "does not name the files of a backup" in refused(capsys, backup, restored)


@pytest.mark.parametrize("name", ["accounts.sqlite", "records.duckdb"])
def test_a_backup_of_a_newer_version_is_refused(backup, restored, capsys, name):
    change_manifest(backup, lambda manifest: manifest["schemas"].update({name: 99}))
    told = refused(capsys, backup, restored)
    assert "made by a newer version of the gateway" in told
    assert "Restore it with that version." in told


def test_what_is_not_a_backup_is_refused(tmp_path, restored, capsys):
    assert "is not a backup" in refused(capsys, tmp_path / "nowhere", restored)


def test_a_backup_of_an_earlier_version_is_restored_and_brought_forward_later(tmp_path, restored):
    backup = tmp_path / "backup"
    backup.mkdir()
    with tarfile.open(VERSION_0_1) as archive:
        archive.extractall(backup, filter="data")
    for path in [path for path in backup.rglob("*") if path.is_file()]:
        path.rename(backup / path.name)
    for path in [path for path in backup.iterdir() if path.name not in FILES]:
        path.rmdir()
    Manifest.of(backup, NOW, lambda _: None).write(backup)
    change_manifest(backup, lambda manifest: manifest.update(schemas=dict.fromkeys(manifest["schemas"], SCHEMA.first)))
    assert restore(backup, restored) == 0
    upgrade(restored, lambda _: None)
    with open_stores(restored) as stores:
        assert stores.records.count(1)


@pytest.mark.parametrize("there", ["accounts.sqlite", "lost+found"])
def test_only_an_empty_directory_is_restored_into(backup, restored, capsys, there):
    restored.mkdir()
    (restored / there).touch()
    assert restore(backup, restored) == 1
    assert "is not empty. Name an empty directory" in capsys.readouterr().err
    assert [path.name for path in restored.iterdir()] == [there]


def test_a_full_disk_ends_in_a_sentence_and_leaves_nothing(backup, tiny_disk, capsys):
    for place in (tiny_disk, tiny_disk / "restored"):
        assert restore(backup, place) == 1
        assert "its disk is not full" in capsys.readouterr().err
        assert list(tiny_disk.iterdir()) == []


KILLED_AT = (
    "import os, sys; from pathlib import Path; from gateway.operator.restore import restore;"
    "left = int(sys.argv[3]); rename = Path.rename\n"
    "def step(*arguments):\n"
    "    global left; left -= 1\n"
    "    if not left: os.kill(os.getpid(), 9)\n"
    "    return rename(*arguments)\n"
    "Path.rename = step\n"
    "restore(Path(sys.argv[1]), Path(sys.argv[2]), lambda _: None)"
)


@pytest.mark.parametrize("step", [1, 2])
def test_no_gateway_starts_on_a_restore_that_was_cut_off(backup, restored, capsys, step):
    command = [sys.executable, "-c", KILLED_AT, backup, restored, str(step)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    capsys.readouterr()
    for again in (
        ["serve", "--data", str(restored), "--port", "0"],
        ["user", "password", "ada", "--data", str(restored)],
        ["backup", "--data", str(restored), str(restored.parent / "another")],
        ["restore", str(backup), "--data", str(restored)],
    ):
        assert main(again) == 1
        assert "empty the directory and restore again." in capsys.readouterr().err
    shutil.rmtree(restored)
    assert restore(backup, restored) == 0
    assert main(["user", "password", "ada", "--data", str(restored)]) == 0


def test_where_a_gateway_serves_nothing_is_restored(data, backup, capsys):
    with operated(data):
        assert restore(backup, data) == 1
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2019-01-01T00:00:00Z"])
def test_a_moment_that_no_backup_is_of_is_refused(backup, restored, capsys, moment):
    change_manifest(backup, lambda manifest: manifest.update(moment=moment))
    assert "is damaged" in refused(capsys, backup, restored)


def test_a_manifest_of_brackets_is_refused(backup, restored, capsys):
    (backup / "manifest.json").write_bytes(b"[" * 200_000)
    assert "is damaged" in refused(capsys, backup, restored)


@pytest.mark.parametrize("version", [99, -5, SCHEMA.first])
def test_a_file_of_another_version_than_the_manifest_says_is_refused(backup, restored, capsys, version):
    def lie(statement):
        with closing(sqlite3.connect(backup / "accounts.sqlite", autocommit=True)) as accounts:
            accounts.execute(statement)
        content = (backup / "accounts.sqlite").read_bytes()
        entry = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        change_manifest(backup, lambda manifest: manifest["files"].update({"accounts.sqlite": entry}))

    lie(f"PRAGMA user_version = {version}")
    assert f"has schema {version}, but its manifest says" in refused(capsys, backup, restored)


def test_what_no_gateway_writes_is_refused(backup, restored, capsys):
    with closing(sqlite3.connect(backup / "accounts.sqlite", autocommit=True)) as accounts:
        accounts.execute("UPDATE subscription_tokens SET expires_at = 9000000000000000")
    content = (backup / "accounts.sqlite").read_bytes()
    entry = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    change_manifest(backup, lambda manifest: manifest["files"].update({"accounts.sqlite": entry}))
    assert "contains something that no gateway writes" in refused(capsys, backup, restored)
