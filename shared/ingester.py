"""The ingester put together from its settings; what triggers and the command line call."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from shared.apigw.client import GatewayClient
from shared.apigw.http import Session
from shared.apigw.token import FixedToken, TokenSource, VaultToken
from shared.clock import Clock, Deadline
from shared.delivery.breaker import Refusals
from shared.delivery.health import Health
from shared.delivery.horizon import Horizon
from shared.delivery.means import Means
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.sweep import Sweep
from shared.delivery.worker import Worker
from shared.errors import SluiceError
from shared.flowlog import LogKind
from shared.identity import Identity, managed_identity
from shared.settings import Settings, VaultSecret
from shared.storage import checkpoints, quarantine
from shared.storage.account import account_name, blob_service, storage_errors
from shared.storage.answers import says
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.logs import FlowLogAccount
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermarks

_SWEEP_SECONDS = 150.0
_CONTAINERS = (checkpoints.CONTAINER, quarantine.CONTAINER)


@dataclass(frozen=True, slots=True)
class Ingester:
    """Everything that one process needs: each client is made once and shared by all invocations.

    Attributes:
        logs: the account that is read.
        checkpoints: how far each log blob is delivered.
        quarantine: what could not be delivered.
        dead_letters: events that could not be delivered to us.
        gateway: where records go.
        horizon: how far back logs are read.
        worker: delivers one log blob.
        clock: the time.
    """

    logs: FlowLogAccount
    checkpoints: Checkpoints
    quarantine: QuarantineContainer
    dead_letters: DeadLetters
    gateway: GatewayClient
    horizon: Horizon
    worker: Worker
    clock: Clock

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> "Ingester":
        """Put an ingester together, and make the containers it keeps things in.

        Raises:
            SettingError: a setting can't be used.
            StorageAway: the function's own account can't be reached.
        """
        identity = cache(managed_identity)  # one credential an identity, so one request for a token, not one a client
        logs = FlowLogAccount(blob_service(settings.flow_logs, "FLOW_LOGS", identity))
        own = blob_service(settings.own_storage, "AzureWebJobsStorage", identity)
        make_containers(own)
        gateway = GatewayClient(settings.apigw_url, token_source(settings, clock, identity), clock)
        kept = Checkpoints(own, logs.name, clock)
        quarantined = QuarantineContainer(own)
        horizon = Horizon(Watermarks(own, logs.name), clock, settings.start_from)
        means = Means(gateway, quarantined, Refusals(), clock, settings.posts_in_flight)
        worker = Worker(logs, kept, means, horizon.oldest, settings.batch_max_records)
        return cls(logs, kept, quarantined, DeadLetters(own), gateway, horizon, worker, clock)

    def handle(self, container: str, name: str) -> Report:
        """Deliver what is new in the blob that an event named."""
        return self.worker.handle(container, name)

    def health(self) -> Health:
        """Ask for what alerts want to know; what can't be asked now is left out."""
        days_left = dead_letters = None
        with contextlib.suppress(SluiceError):
            days_left = round((self.gateway.token_expiry() - self.clock.now()) / timedelta(days=1), 1)
        with contextlib.suppress(SluiceError):
            dead_letters = self.dead_letters.count_since(self.clock.now() - timedelta(hours=1))
        return Health(days_left, dead_letters)

    def sweep(self) -> Iterator[Report]:
        """Deliver what no event told of, within a time budget for each kind of log, a report a log blob.

        Each kind is swept whatever happened to the other; then a bug is raised, or else the first trouble.

        Raises:
            StorageAway: an account can't be reached now.
            HeldElsewhere: another sweep is at work.
            Unreadable: a watermark is of a newer format, or damaged.
        """
        troubles: list[Exception] = []
        for kind in LogKind:
            sweep = Sweep(kind, self.worker, self.logs, self.checkpoints, self.horizon, self.clock)
            try:
                yield from sweep.run(Deadline(self.clock, _SWEEP_SECONDS))
            except Exception as trouble:  # noqa: BLE001 -- it is raised once the other kind had its turn
                troubles.append(trouble)
        if troubles:
            raised = min(troubles, key=lambda trouble: isinstance(trouble, SluiceError))
            for other in troubles:
                if other is not raised and isinstance(other, SluiceError):
                    yield Report("sweep", Outcome.of(other), Tally(), 0, str(other))
            raise raised


def make_containers(service: BlobServiceClient) -> None:
    """Make the containers that the ingester keeps things in, where they are missing.

    Raises:
        StorageAway: the account can't be reached, or refuses.
    """
    with storage_errors(account_name(service)):
        for name in _CONTAINERS:
            try:
                service.create_container(name)
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.CONTAINER_ALREADY_EXISTS):
                    raise


def token_source(settings: Settings, clock: Clock, identity: Identity = managed_identity) -> TokenSource:
    """Return where the subscription token comes from."""
    if isinstance(settings.token, VaultSecret):
        return VaultToken(settings.token.uri, identity(settings.client_id), Session(), clock)
    return FixedToken(settings.token)
