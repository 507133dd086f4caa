import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import Clock, to_ms, utc_now
from gateway.operator.app import create_operator
from gateway.operator.client import carry_out
from gateway.operator.socket import listening
from gateway.server import run, server
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from gateway.stores.stores import Stores, open_stores
from gateway.traffic.posts import Log, Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import record

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
LOG = "insights-logs-flowlogflowevent/flowLogResourceID=/LOG/y=2026/m=11/d=23/h={:02}/m=00/macAddress={}/PT1H.json"


def delivered(stores, customer, key, at, newest, mac="000D3AF87856", account="shop"):
    """Bring a customer a post with one record of a network card's log."""
    log = Log(account, LOG.format(newest.hour, mac))
    stores.records.store(Post(customer, key, b"", b"{}", at, log), transposed([record(time=to_ms(newest))]))


@pytest.fixture(scope="session")
def _made(tmp_path_factory) -> Path:
    """A data directory and its backup, once for all tests, which get copies."""
    made = tmp_path_factory.mktemp("made")
    folder = made / "data"
    with open_stores(folder) as stores:
        customer = stores.accounts.add_customer("contoso")
        user = stores.accounts.add_user("ada", customer, "password")
        stores.sessions.begin(user.id, utc_now())
        stores.tokens.add(customer, utc_now(), timedelta(days=30), "function")
        secret = NewStorageAccount(StorageAccount("shop", "eastus"), "secret of shop")
        stores.deployments.add(customer, "shop-prod", "subscription", [secret], NOW)
        delivered(stores, customer, "key", NOW, NOW - timedelta(minutes=1))
    carry_out(folder, "backup", {"to": str(made / "backup"), "with_secrets_key": False}, lambda _: None)
    return made


@pytest.fixture
def data(tmp_path, _made) -> Path:
    """The directory of a gateway that one customer has delivered to, with a secret, which nobody serves from."""
    return shutil.copytree(_made / "data", tmp_path / "data")


@contextmanager
def operated(data: Path, clock: Clock = utc_now) -> Iterator[Stores]:
    """Carry out what is asked over the socket in a directory, from a thread, for as long as the context lasts."""
    with open_stores(data) as stores, listening(data) as listener:
        serving = server(create_operator(stores, clock))
        serving.config.timeout_graceful_shutdown = 0
        thread = threading.Thread(target=run, args=[(serving, listener)], name="operator")
        thread.start()
        try:
            yield stores
        finally:
            serving.should_exit = True
            thread.join()


@pytest.fixture
def backup(tmp_path, _made) -> Path:
    """A backup of that directory, without the key of its secret."""
    return shutil.copytree(_made / "backup", tmp_path / "backup")


@pytest.fixture
def tiny_disk(tmp_path) -> Iterator[Path]:
    """A disk that is too small for a backup."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", mounted], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    yield mounted
    subprocess.run(["umount", mounted], check=True)
