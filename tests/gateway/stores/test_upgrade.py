"""A directory of an earlier version goes on with all that is in it."""

import shutil
import sqlite3
import subprocess
import sys

import duckdb
import pytest

from gateway.cli import main
from gateway.stores import upgrade
from gateway.stores.items import ItemFilter
from gateway.stores.migrations import OtherVersionError
from gateway.stores.stores import open_stores
from gateway.stores.upgrade import UpgradeError
from gateway.traffic.question import Question
from gateway.traffic.store import StoreUnavailableError
from gateway.traffic.terms import Search
from tests.gateway.contract.plain_counting import counts
from tests.gateway.stores.directories import FIRST, NOW, Usage, files, rows, versions


def test_every_row_of_version_0_1_is_there_afterwards(data, old_columns, kept):
    said = []
    upgrade.upgrade(data, said.append)
    assert versions(data) == NOW
    assert rows(data, old_columns) == kept
    assert sum(map(len, kept.values())) > 380
    assert all(kept.values()), "the directory has no row of some table"
    assert any("records.duckdb: from version 3" in line for line in said)
    assert sorted(file.name for file in data.iterdir()) == ["accounts.sqlite", "records.duckdb", "secrets.key"]


def test_what_is_read_of_it_means_the_same(data):
    upgrade.upgrade(data, lambda _told: None)
    with open_stores(data) as stores:
        customer = stores.accounts.customer_of("contoso-administrator")
        [deployment] = stores.deployments.all(customer)
        secrets = stores.deployments.connection_strings(customer, deployment.name)
        assert secrets["contosoeastus"].startswith("DefaultEndpointsProtocol=https;AccountName=contosoeastus;")
        assert stores.accounts.sign_in("contoso-reader", "correct horse").needs_new_password
        assert [token.kind for token in stores.tokens.all(customer)] == ["unrestricted"] * 3
        assert stores.agents.find(customer, "contoso-agent").standing == "accepted"
        registrations = stores.registrations.all(customer)
        assert [each.gone_at is None for each in registrations] == [True, False]
        assert [each.deployment for each in registrations] == [each.content["deployment"] for each in registrations]
        assert all(each.deployment for each in registrations)
        assert stores.records.count(customer) == 60 * 4 + 1
        assert {record["source"] for record in stores.records.records(customer)} == {"nsg", "vnet", "agent"}
        assert [item.name for item in stores.items.page(customer, ItemFilter(), 9)] == [
            "contoso-by-hand",
            "contoso-web-1",
        ]


def test_the_bytes_of_what_is_there_count_once(data):
    said = []
    upgrade.upgrade(data, said.append)
    assert any(line.startswith("records.duckdb: bytes settled in") for line in said)
    with open_stores(data) as stores:
        for customer in (1, 2):
            found = stores.records.page(Question(customer, 0, 2**62, Search()), size=1000)
            counted = [each.counted for each in found.records]
            assert counted == counts([each.record for each in found.records])
            assert {True, False} == set(counted)
            assert stores.records.unsettled(customer, 0, 2**62) == 0


def test_the_posts_of_agents_are_told_from_those_of_logs_and_a_refusal_began_when_it_was_last_seen(data):
    keys = ["6F1C2A4E-9d53-4b7e-8a41-3c0d5e7f9b12:1795534200000", "6f1c2a4e", f"{'0' * 64}"]
    with duckdb.connect(data / "records.duckdb") as connection:
        for key in keys:
            connection.execute(
                """INSERT INTO posts (customer, key, body_hash, answer, accepted_at, rejected)
                   VALUES (1, ?, '', '{}', 1795534200000, 0)""",
                [key],
            )
    upgrade.upgrade(data, lambda _told: None)
    with open_stores(data) as stores:
        assert [stores.records.find(1, key).by_agent for key in keys] == [True, False, False]
        began = list(stores.records.rows("SELECT since, refused_at FROM refusals", []))
        assert began
        assert all(since == refused_at for since, refused_at in began)


def test_a_directory_of_this_version_is_left_as_it_is(data):
    upgrade.upgrade(data, lambda _told: None)
    before, said = files(data), []
    upgrade.upgrade(data, said.append)
    assert files(data) == before
    assert said == []


def test_a_directory_that_is_not_there_is_not_made(tmp_path):
    upgrade.upgrade(tmp_path / "data", lambda _told: None)
    assert not (tmp_path / "data").exists()


def test_a_copy_of_before_is_the_way_back(data, kept, tmp_path):
    """As docs/data.md tells: the gateway is stopped, and its directory copied."""
    shutil.copytree(data, tmp_path / "copy")
    upgrade.upgrade(data, lambda _told: None)
    assert versions(data) == NOW  # which version 0.1 refuses
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "copy", data)
    assert versions(data) == FIRST
    assert rows(data) == kept


@pytest.mark.parametrize("newer", ["records.duckdb", "accounts.sqlite"])
def test_one_newer_file_leaves_both_as_they_are(data, newer):
    if newer == "records.duckdb":
        with duckdb.connect(data / newer) as records:
            records.execute("UPDATE schema_version SET version = 99")
    else:
        with sqlite3.connect(data / newer) as accounts:
            accounts.execute("PRAGMA user_version = 99")
        accounts.close()
    before = versions(data)
    with pytest.raises(OtherVersionError, match=rf"{newer} was written by a newer version .* \(schema 99; "):
        upgrade.upgrade(data, lambda _told: None)
    assert versions(data) == before


def test_a_file_of_before_0_1_is_refused(data):
    with sqlite3.connect(data / "accounts.sqlite") as accounts:
        accounts.execute("PRAGMA user_version = 2")
    accounts.close()
    with pytest.raises(OtherVersionError, match=r"before version 0\.1"):
        upgrade.upgrade(data, lambda _told: None)


def test_too_little_room_is_refused_with_both_numbers_and_nothing_is_changed(data, monkeypatch):
    before = files(data)
    size = sum((data / name).stat().st_size for name in ("records.duckdb", "accounts.sqlite"))
    monkeypatch.setattr(upgrade.shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - size + 1, size - 1))
    with pytest.raises(UpgradeError, match=rf"takes 2\.\d MB in {data}, but only 2\.2 MB are free\. Free some space"):
        upgrade.upgrade(data, lambda _told: None)
    assert files(data) == before
    monkeypatch.setattr(upgrade.shutil, "disk_usage", lambda _path: Usage(10**9, 10**9 - 2 * size, 2 * size))
    upgrade.upgrade(data, lambda _told: None)


def test_no_other_command_brings_a_directory_forward(data, capsys):
    before = versions(data)
    assert main(["user", "add", "eve", "--customer", "contoso", "--data", str(data)]) == 1
    told = capsys.readouterr().err
    assert "accounts.sqlite was written by an earlier version of the gateway. Copy" in told
    assert "`serve` upgrades it" in told
    assert versions(data) == before


def test_a_damaged_file_without_a_copy_is_reported_and_left(data):
    (data / "records.duckdb").write_bytes(b"torn" * 4096)
    before = files(data)
    with pytest.raises(StoreUnavailableError):
        upgrade.upgrade(data, lambda _told: None)
    assert files(data) == before


def test_a_gateway_that_serves_is_not_upgraded_beneath(data):
    program = f"import duckdb; c = duckdb.connect({str(data / 'records.duckdb')!r}); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        (data / "records.duckdb.before-upgrade").write_bytes(b"an older copy")
        with pytest.raises(StoreUnavailableError, match="Could not set lock"):
            upgrade.upgrade(data, lambda _told: None)
        other.communicate(b"\n")
    assert versions(data) == FIRST
