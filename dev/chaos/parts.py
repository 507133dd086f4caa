"""The ingester of a worker process: the real one, with collaborators that know the steps of delivery.

It is put together by hand, as `Ingester.from_settings` does it, because nothing in production code knows of steps.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.chaos.clock import ChaosClock, ChaosStorageClock
from dev.chaos.control import GatewayControl
from dev.chaos.safeguards import Safeguards
from dev.chaos.steps import Step, Steps, Trap
from shared.apigw.client import LONGEST_SECONDS, GatewayClient, Receipt
from shared.apigw.token import FixedToken
from shared.delivery.breaker import Refusals
from shared.delivery.claims import Claims, PointerStore
from shared.delivery.collaborators import Collaborators, Gateway
from shared.delivery.horizon import Horizon
from shared.delivery.ledger import Entries
from shared.delivery.log_source import LogSource
from shared.delivery.quarantine import Quarantine
from shared.delivery.worker import Worker
from shared.errors import Outdated
from shared.flowlog import LogBlob, LogKind
from shared.ingester import Ingester
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import account_name, blob_service
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.entry import Entry
from shared.storage.logs import FlowLogAccount, Snapshot
from shared.storage.pointers import Pointers
from shared.storage.quarantine import QuarantineContainer
from shared.storage.table_client import checkpoint_table
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
    logs, own, storage_clock = FlowLogAccount(_service(setup.logs)), _service(setup.own), ChaosStorageClock(clock)
    table = checkpoint_table(_connection(setup.own), "AzureWebJobsStorage", clock, storage_clock)
    checkpoints, quarantine = Checkpoints(table, own, logs.name), QuarantineContainer(own)
    pointers = Pointers(table, account_name(own), logs.name, storage_clock)
    client = GatewayClient(setup.gateway, FixedToken(Secret(setup.token)), clock)
    horizon = Horizon(_Watermarks(table, account_name(own), logs.name, steps), clock, setup.start_from)
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
        Claims(_Entries(checkpoints, steps), _Pointers(pointers, steps), storage_clock, clock),
        collaborators,
        horizon.oldest,
        setup.batch_max_records,
    )
    return Ingester(logs, checkpoints, pointers, DeadLetters(own), client, horizon, worker, clock)


def _service(connection_string: str) -> BlobServiceClient:
    return blob_service(_connection(connection_string), "AzureWebJobsStorage")


def _connection(connection_string: str) -> ByConnectionString:
    return ByConnectionString(Secret(connection_string))


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

    def is_listed(self, log: LogBlob) -> bool:
        return self.source.is_listed(log)


@dataclass(frozen=True, slots=True)
class _Gateway:
    gateway: Gateway
    control: GatewayControl
    steps: Steps
    spend: Callable[[], None]

    def post_flow_logs(
        self, body: bytes, lines: int, key: str, blob: str | None = None, seconds: float = LONGEST_SECONDS
    ) -> Receipt:
        self.steps.reach(Step.BEFORE_POST)
        self._hold(key, self.steps.due(Step.POST_ARRIVED), _LINGER_SECONDS)
        self._hold(key, self.steps.due(Step.POST_STORED), None)
        self.spend()
        receipt = self.gateway.post_flow_logs(body, lines, key, blob, seconds)
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


class _Entries:
    # Knows by what is written which step of the protocol it is.
    def __init__(self, entries: Entries, steps: Steps) -> None:
        self._entries = entries
        self._steps = steps
        self._refused = threading.local()

    def read(self, log: LogBlob) -> Entry | None:
        entry = self._entries.read(log)
        holder, self._refused.holder = getattr(self._refused, "holder", ""), ""
        if holder:
            self._steps.reach(Step.SAVE_REFUSED if entry is not None and entry.holder == holder else Step.ROBBED)
        return entry

    def insert(self, log: LogBlob, entry: Entry) -> Entry:
        written = self._entries.insert(log, entry)
        self._steps.reach(Step.CLAIMED)
        return written

    def replace(self, log: LogBlob, entry: Entry, known: Entry) -> Entry:
        if not entry.holder or entry.holder == known.holder:
            return self._under_a_claim(log, entry, known)
        written = self._entries.replace(log, entry, known)
        self._steps.reach(Step.TAKEN_OVER if known.holder else Step.CLAIMED)
        return written

    def mark(self, log: LogBlob, known: Entry) -> Entry:
        written = self._entries.mark(log, known)
        self._steps.reach(Step.MARKED)
        return written

    def _under_a_claim(self, log: LogBlob, entry: Entry, known: Entry) -> Entry:
        self._steps.reach(Step.BEFORE_CHECKPOINT)
        try:
            written = self._entries.replace(log, entry, known)
        except Outdated:
            self._refused.holder = known.holder
            raise
        self._steps.reach(Step.AFTER_CHECKPOINT if entry.holder else Step.FINISHED)
        if len(entry.checkpoint.batch) > 1:
            self._steps.reach(Step.HALVED)
        return written


@dataclass(frozen=True, slots=True)
class _Pointers:
    pointers: PointerStore
    steps: Steps

    def write(self, log: LogBlob) -> str:
        etag = self.pointers.write(log)
        self.steps.reach(Step.POINTED)
        return etag

    def remove(self, log: LogBlob, etag: str) -> None:
        self.pointers.remove(log, etag)
        self.steps.reach(Step.UNPOINTED)


class _Watermarks(Watermarks):
    def __init__(self, table: TableClient, account: str, log_account: str, steps: Steps) -> None:
        super().__init__(table, account, log_account)
        self._steps = steps

    def save(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        self._steps.reach(Step.BEFORE_WATERMARK)
        etag = super().save(kind, watermark, etag)
        self._steps.reach(Step.AFTER_WATERMARK)
        return etag
