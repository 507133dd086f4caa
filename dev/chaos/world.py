"""What all schedules share: the storage emulator, the gateway, and time."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dev.azurite import StorageAccount, azurite
from dev.chaos.clock import Ahead
from dev.chaos.control import GatewayControl
from dev.chaos.storage_control import StorageControl
from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent.parent
_ACCOUNTS_A_SCHEDULE = 2


@dataclass(frozen=True, slots=True)
class World:
    """Real parts, running.

    Attributes:
        accounts: empty storage accounts, as the harness reaches them.
        storage: the proxy through which workers reach them.
        gateway: the gateway.
        ahead: the schedule's time.
    """

    accounts: Iterator[StorageAccount]
    storage: StorageControl
    gateway: GatewayControl
    ahead: Ahead


@contextlib.contextmanager
def running_world(schedules: int) -> Iterator[World]:
    """Run everything that so many schedules need."""
    with (
        azurite(accounts=_ACCOUNTS_A_SCHEDULE * schedules) as storage,
        tempfile.TemporaryDirectory(prefix="chaos-") as scratch,
        _served("The gateway", Path(scratch), "dev.chaos.gateway", str(Path(scratch) / "gateway")) as gateway,
        _served("The proxy", Path(scratch), "dev.chaos.storage_proxy", _port(storage.accounts[0])) as proxy,
    ):
        yield World(iter(storage.accounts), StorageControl(proxy), GatewayControl(gateway), Ahead.make())


@contextlib.contextmanager
def _served(name: str, scratch: Path, module: str, argument: str) -> Iterator[str]:
    # Runs a module that prints its address when it is ready.
    with background(
        name,
        [sys.executable, "-m", module, argument],
        output=scratch / f"{module}.output",
        ready=lambda said: said.splitlines()[0].rstrip("/") if said.endswith("/\n") else None,
        directory=_ROOT,
        environment=os.environ,
    ) as (_, url):
        yield url


def _port(account: StorageAccount) -> str:
    return str(urlsplit(account.blob_endpoint).port)
