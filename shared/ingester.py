"""What the function app's triggers call: delivery of an event's blob, and the sweep."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from shared.apigw.client import GatewayClient
from shared.clock import Clock, Deadline
from shared.delivery.health import Health
from shared.delivery.horizon import Horizon
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.sweep import Sweep
from shared.delivery.worker import Worker
from shared.errors import SluiceError
from shared.flowlog import LogKind
from shared.identity import managed_identity
from shared.services import make_places, open_services
from shared.settings import Settings
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers

_SWEEP_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Ingester:
    """Delivers flow logs; one per process, shared by all its invocations.

    Attributes:
        logs: The account that is read.
        checkpoints: How far each log blob is delivered.
        pointers: Which checkpoints are open.
        dead_letters: Events that could not be delivered to the function app.
        gateway: Where records go.
        horizon: How far back logs are read.
        worker: Delivers one log blob.
        clock: The time.
    """

    logs: FlowLogAccount
    checkpoints: Checkpoints
    pointers: Pointers
    dead_letters: DeadLetters
    gateway: GatewayClient
    horizon: Horizon
    worker: Worker
    clock: Clock

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> "Ingester":
        """Return the function app's ingester, and create the containers and the table that it uses.

        Raises:
            SettingError: A setting can't be used.
            StorageAway: The function's own account can't be reached.
        """
        services = open_services(settings, clock, managed_identity)
        make_places(services.own, services.table)
        return cls(
            logs=services.logs,
            checkpoints=services.checkpoints,
            pointers=services.pointers,
            dead_letters=services.dead_letters,
            gateway=services.gateway,
            horizon=services.horizon,
            worker=services.worker(),
            clock=clock,
        )

    def handle(self, container: str, name: str) -> Report:
        """Deliver what is new in the blob that an event named."""
        return self.worker.handle(container, name)

    def health(self) -> Health:
        """Return what alerts look for, without what can't be checked now."""
        days_left = dead_letters = None
        with contextlib.suppress(SluiceError):
            days_left = round((self.gateway.token_expiry() - self.clock.now()) / timedelta(days=1), 1)
        with contextlib.suppress(SluiceError):
            dead_letters = self.dead_letters.count_since(self.clock.now() - timedelta(hours=1))
        return Health(days_left, dead_letters)

    def sweep(self) -> Iterator[Report]:
        """Deliver what no event announced, within a time budget for each kind of log; yield a report for each log blob.

        Each kind is swept whatever happened to the other; then a bug is raised, or else the first trouble.

        Raises:
            StorageAway: An account can't be reached now.
            HeldElsewhere: Another sweep is at work.
            Unreadable: A watermark is of a newer format, or damaged.
        """
        troubles: list[Exception] = []
        for kind in LogKind:
            sweep = Sweep(kind, self.worker, self.logs, self.checkpoints, self.pointers, self.horizon, self.clock)
            try:
                yield from sweep.run(Deadline(self.clock, _SWEEP_SECONDS))
            except Exception as trouble:  # noqa: BLE001 -- it is raised once the other kind has had its turn
                troubles.append(trouble)
        if troubles:
            raised = min(troubles, key=lambda trouble: isinstance(trouble, SluiceError))
            for other in troubles:
                if other is not raised and isinstance(other, SluiceError):
                    yield Report("sweep", Outcome.of(other), Tally(), 0, str(other))
            raise raised
