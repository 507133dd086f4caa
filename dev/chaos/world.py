"""What all schedules share: the storage emulator, the gateway, and time."""

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.azurite import StorageAccount, azurite
from dev.chaos.clock import Ahead
from dev.chaos.control import GatewayControl
from dev.chaos.storage_control import StorageControl, storage_proxy
from dev.processes import served_module

_ACCOUNTS_A_SCHEDULE = 2


@dataclass(frozen=True, slots=True)
class World:
    """Real parts, running.

    Attributes:
        accounts: Empty storage accounts, as the harness reaches them.
        storage: The proxy through which workers reach them.
        gateway: The gateway.
        ahead: The schedule's time.
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
        served_module("dev.chaos.gateway", str(Path(scratch) / "gateway"), scratch=Path(scratch)) as (gateway,),
        storage_proxy(storage, Path(scratch)) as proxy,
    ):
        yield World(iter(storage.accounts), proxy, GatewayControl(gateway), Ahead.make())
