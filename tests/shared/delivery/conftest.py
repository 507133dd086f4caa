import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from azure.storage.blob import ContainerClient

from dev.azurite import StorageAccount
from shared.delivery.breaker import Refusals
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.horizon import Horizon
from shared.delivery.sweep import Sweep
from shared.delivery.worker import Worker
from shared.errors import SluiceError
from shared.flowlog import LogBlob, LogKind
from shared.services import make_places
from shared.storage.checkpoint import Checkpoint
from shared.storage.checkpoints import Checkpoints
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermarks
from tests.support.account import StillStorageClock, reached, table_of
from tests.support.gateway import MemoryGateway
from tests.support.logs import GrowingLog, log_blob, ports_of
from tests.support.time import StillClock


class World:
    """Two real storage accounts, a gateway in memory, and any number of processes that share them."""

    def __init__(self, logs: StorageAccount, own: StorageAccount, start_from: datetime | None = None) -> None:
        self.clock = StillClock()
        self.gateway = MemoryGateway()
        self.start_from = start_from
        self._log_account = logs
        self.own = reached(own)
        self.storage_clock = StillStorageClock(self.clock)
        self.table = table_of(own, self.clock, self.storage_clock)
        make_places(self.own, self.table)
        self.logs = FlowLogAccount(reached(logs))
        self.checkpoints = Checkpoints(self.table, self.own, self.logs.name)
        self.pointers = Pointers(self.table, own.name, self.logs.name, self.storage_clock)
        self.quarantine = QuarantineContainer(self.own)
        self.watermarks = Watermarks(self.table, own.name, self.logs.name)
        self.horizon = Horizon(self.watermarks, self.clock, start_from)
        self.worker = self.process()

    def process(self, batch: int = 100) -> Worker:
        """Return a worker as another process of the function app would have it."""
        collaborators = Collaborators(self.gateway, self.quarantine, Refusals(), self.clock, 2)
        return Worker(self.logs, self.claims(), collaborators, self.horizon.oldest, batch)

    def claims(self) -> Claims:
        """Return claims as another process would have them, with nothing remembered yet."""
        return Claims(self.checkpoints, self.pointers, self.storage_clock, self.clock)

    def checkpoint(self, log: GrowingLog) -> Checkpoint | None:
        """Return what is stored of a log's delivery."""
        entry = self.checkpoints.read(log.log)
        return entry and entry.checkpoint

    def rewrite(self, log: GrowingLog, **changes) -> None:
        """Change what is stored of a log's delivery, and have this process forget what it knows."""
        entry = self.checkpoints.read(log.log)
        assert entry is not None
        self.checkpoints.replace(log.log, replace(entry, checkpoint=replace(entry.checkpoint, **changes)), entry)
        self.worker = self.process()

    @contextlib.contextmanager
    def held(self, log: GrowingLog):
        """Hold a log that has a checkpoint, as another process would; gives the claim."""
        claims = self.claims()
        entry = claims.read(log.log)
        assert entry is not None
        claim, _ = claims.claim(log.log, entry)
        yield claim
        claim.abandon()

    def restart(self, start_from: datetime | None) -> None:
        """Go on as a new process of the function app would, with another START_FROM."""
        self.horizon = Horizon(self.watermarks, self.clock, start_from)
        self.worker = self.process()

    @property
    def stored(self) -> list[int]:
        """The ports of the records that the gateway has, in order."""
        return sorted(ports_of(list(self.gateway.stored.elements())))

    @property
    def watermark(self) -> datetime:
        """The hour before which all NSG flow logs were found delivered."""
        return self.horizon.watermark(LogKind.NSG)[0].hour

    def log(self, log: LogBlob | None = None) -> GrowingLog:
        return GrowingLog(self._log_account, log or log_blob())

    def event(self, log: GrowingLog, worker: Worker | None = None):
        """Let a worker act on an event; return its report."""
        return (worker or self.worker).handle(log.log.kind.container, log.log.name)

    def sweep(self, worker: Worker | None = None, seconds: float = 300):
        """Sweep NSG flow logs; return the reports."""
        return list(self.sweeping(worker, seconds))

    def sweeping(self, worker: Worker | None = None, seconds: float = 300):
        """Sweep NSG flow logs, a report at a time."""
        sweep = Sweep(
            LogKind.NSG, worker or self.worker, self.logs, self.checkpoints, self.pointers, self.horizon, self.clock
        )
        return sweep.run(self.clock.deadline(seconds))

    def sweep_calmly(self) -> None:
        """Sweep, whatever ends it."""
        with contextlib.suppress(SluiceError):
            self.sweep()

    def container(self, log: GrowingLog) -> ContainerClient:
        """Return the container that a log is in."""
        return reached(self._log_account).get_container_client(log.log.kind.container)

    def quarantined(self) -> list[bytes]:
        return [line for blob in self.quarantine.listed() for line in self.quarantine.get(blob.name)]


@pytest.fixture
def make_world(new_account: Callable[[], StorageAccount]):
    return lambda **settings: World(new_account(), new_account(), **settings)


@pytest.fixture
def world(make_world) -> World:
    return make_world()
