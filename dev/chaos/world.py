"""What all schedules share: the storage emulator, the gateway, and time."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.azurite import StorageAccount, azurite
from dev.chaos.clock import Ahead
from dev.chaos.control import GatewayControl
from dev.processes import background

_ROOT = Path(__file__).resolve().parent.parent.parent
_ACCOUNTS_A_SCHEDULE = 2


@dataclass(frozen=True, slots=True)
class World:
    """Real parts, running.

    Attributes:
        accounts: empty storage accounts.
        gateway: the gateway.
        ahead: the schedule's time.
    """

    accounts: Iterator[StorageAccount]
    gateway: GatewayControl
    ahead: Ahead


@contextlib.contextmanager
def running_world(schedules: int) -> Iterator[World]:
    """Run everything that so many schedules need."""
    with (
        azurite(accounts=_ACCOUNTS_A_SCHEDULE * schedules) as storage,
        tempfile.TemporaryDirectory(prefix="chaos-") as scratch,
        background(
            "The gateway",
            [sys.executable, "-m", "dev.chaos.gateway", str(Path(scratch) / "gateway")],
            output=Path(scratch) / "output",
            ready=lambda said: said.splitlines()[0].rstrip("/") if said.endswith("/\n") else None,
            directory=_ROOT,
            environment=os.environ,
        ) as (_, url),
    ):
        yield World(iter(storage.accounts), GatewayControl(url), Ahead.make())
