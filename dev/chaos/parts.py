"""The ingester of a worker process: the real one, with collaborators that know the steps of delivery.

It is put together by hand, as `Ingester.from_settings` does it, because nothing in production code knows of steps.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from azure.storage.blob import BlobServiceClient

from dev.chaos.clock import ChaosClock
from dev.chaos.control import GatewayControl
from dev.chaos.safeguards import Safeguards
from dev.chaos.steps import Step, Steps, Trap
from shared.apigw.client import GatewayClient, Receipt
from shared.apigw.token import FixedToken
from shared.delivery.breaker import Refusals
from shared.delivery.collaborators import Collaborators, Gateway
from shared.delivery.horizon import Horizon
from shared.delivery.quarantine import Quarantine
from shared.delivery.worker import CheckpointStore, Held, LogSource, Worker
from shared.flowlog import LogBlob, LogKind
from shared.ingester import Ingester
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service
from shared.storage.checkpoint import Checkpoint
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.logs import FlowLogAccount, Snapshot
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermark, Watermarks

_LINGER_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker process is told at its start.

    Attributes:
        logs, own: Connection strings of the flow-log account and of the function's own.
        gateway: The gateway's address.
        token: The subscription token.
        start_from, batch_max_records, posts_in_flight: The settings of these names.
        seconds_a_post: How long each post takes in the schedule's time.
        safeguards: What is left in.
    """

    logs: str = field(repr=False)
    own: str = field(repr=False)
    gateway: str
    token: str = field(repr=False)
    start_from: datetime
    batch_max_records: int
    posts_in_flight: int
    seconds_a_post: float
    safeguards: Safeguards


def put_together(setup: Setup, clock: ChaosClock, steps: Steps) -> Ingester:
    """Put an ingester together that passes the steps."""
    logs = FlowLogAccount(_service(setup.logs))
    own = _service(setup.own)
    checkpoints, quarantine = Checkpoints(own, logs.name, clock), QuarantineContainer(own)
    client = GatewayClient(setup.gateway, FixedToken(Secret(setup.token)), clock)
    horizon = Horizon(_Watermarks(own, logs.name, steps), clock, setup.start_from)
    collaborators = Collaborators(
        gateway=_Gateway(
            setup.safeguards.gateway(client),
            GatewayControl(setup.gateway),
            steps,
            lambda: clock.spend(setup.seconds_a_post),
        ),
        quarantine=_Quarantine(quarantine, steps),
        refusals=Refusals(),
        clock=clock,
        posts_in_flight=setup.posts_in_flight,
    )
    worker = Worker(
        _Logs(logs, steps),
        _CheckpointStore(setup.safeguards.store(checkpoints), steps),
        collaborators,
        horizon.oldest,
        setup.batch_max_records,
    )
    return Ingester(logs, checkpoints, DeadLetters(own), client, horizon, worker, clock)


def _service(connection_string: str) -> BlobServiceClient:
    return blob_service(ByConnectionString(Secret(connection_string)), "AzureWebJobsStorage")


@dataclass(frozen=True, slots=True)
class _Logs:
    source: LogSource
    steps: Steps

    @property
    def name(self) -> str:
        return self.source.name

    def snapshot(self, log: LogBlob) -> Snapshot:
        return self.source.snapshot(log)

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes:
        data = self.source.read(log, snapshot, start, end)
        self.steps.reach(Step.LOG_READ)
        return data

    def etag(self, log: LogBlob) -> str | None:
        return self.source.etag(log)

    def is_listed(self, log: LogBlob) -> bool:
        return self.source.is_listed(log)


@dataclass(frozen=True, slots=True)
class _Gateway:
    gateway: Gateway
    control: GatewayControl
    steps: Steps
    spend: Callable[[], None]

    def post_flow_logs(self, body: bytes, lines: int, key: str, blob: str | None = None) -> Receipt:
        self.steps.reach(Step.BEFORE_POST)
        self._hold(key, self.steps.due(Step.POST_ARRIVED), _LINGER_SECONDS)
        self._hold(key, self.steps.due(Step.POST_STORED), None)
        self.spend()
        receipt = self.gateway.post_flow_logs(body, lines, key, blob)
        self.steps.reach(Step.AFTER_REPLY)
        return receipt

    def _hold(self, key: str, trap: Trap | None, linger: float | None) -> None:
        if trap is not None:
            self.control.hold(key, linger)
            threading.Thread(target=self._strike_once_held, args=(key, trap), daemon=True).start()

    def _strike_once_held(self, key: str, trap: Trap) -> None:
        if GatewayControl(self.control.url).wait_until_held(key):
            self.steps.strike(trap)


@dataclass(frozen=True, slots=True)
class _Quarantine:
    quarantine: Quarantine
    steps: Steps

    def put(self, log: LogBlob, key: str, lines: Sequence[bytes]) -> None:
        self.steps.reach(Step.BEFORE_QUARANTINE)
        self.quarantine.put(log, key, lines)
        self.steps.reach(Step.AFTER_QUARANTINE)


@dataclass(frozen=True, slots=True)
class _CheckpointStore:
    store: CheckpointStore
    steps: Steps

    def create(self, log: LogBlob, checkpoint: Checkpoint) -> None:
        self.store.create(log, checkpoint)
        self.steps.reach(Step.CHECKPOINT_BEGUN)

    @contextlib.contextmanager
    def hold(self, log: LogBlob) -> Iterator[Held | None]:
        with self.store.hold(log) as held:
            if held is not None:
                self.steps.reach(Step.LEASE_ACQUIRED)
            yield None if held is None else _Held(held, self.steps)
        if held is not None:
            self.steps.reach(Step.LEASE_RELEASED)


@dataclass(frozen=True, slots=True)
class _Held:
    held: Held
    steps: Steps

    def load(self) -> Checkpoint:
        return self.held.load()

    def check(self) -> None:
        self.held.check()

    def save(self, checkpoint: Checkpoint) -> None:
        self.steps.reach(Step.BEFORE_CHECKPOINT)
        self.held.save(checkpoint)
        self.steps.reach(Step.AFTER_CHECKPOINT)
        if len(checkpoint.batch) > 1:
            self.steps.reach(Step.HALVED)


class _Watermarks(Watermarks):
    def __init__(self, service: BlobServiceClient, log_account: str, steps: Steps) -> None:
        super().__init__(service, log_account)
        self._steps = steps

    def save(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        self._steps.reach(Step.BEFORE_WATERMARK)
        etag = super().save(kind, watermark, etag)
        self._steps.reach(Step.AFTER_WATERMARK)
        return etag
