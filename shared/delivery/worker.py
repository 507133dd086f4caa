"""One invocation for one log blob: claim it, deliver what is new, and give it up again."""

from collections.abc import Callable
from datetime import datetime

from shared.clock import Deadline
from shared.delivery.batch import CUT_VERSION
from shared.delivery.breaker import Breaker
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.log_source import LogSource
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.visit import Visit
from shared.delivery.visitor import Visitor
from shared.errors import (
    Contradicted,
    RetryLater,
    SettingError,
    SluiceError,
    StorageAway,
    TokenRefused,
    UnexpectedAnswer,
)
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.checkpoint import CutRule
from shared.storage.pointers import Pointer

BUDGET_SECONDS = 240.0
_PAUSED = "The gateway failed a short while ago, so nothing is sent to it until the pause is over."


class Worker:
    """Delivers log blobs, one per call; safe to share between threads."""

    def __init__(
        self,
        logs: LogSource,
        claims: Claims,
        collaborators: Collaborators,
        oldest_hour: Callable[[LogKind], datetime],
        batch_max_records: int,
    ) -> None:
        self._visitor = Visitor(logs, claims, collaborators, oldest_hour, CutRule(CUT_VERSION, batch_max_records))
        self._clock = collaborators.clock
        self.breaker = Breaker(collaborators.clock)

    def handle(self, container: str, name: str) -> Report:
        """Deliver what is new in a blob that an event named; everything but a bug ends in a report."""
        log = parse_blob_name(container, name)
        if log is None:
            return Report(f"{container}/{name}", Outcome.NOT_A_FLOW_LOG, Tally(), 0)
        return self._deliver(Visit(log, Deadline(self._clock, BUDGET_SECONDS), Tally(), from_memory=True))

    def deliver(self, log: LogBlob, deadline: Deadline, pointer: Pointer | None = None) -> Report:
        """Deliver what is new in a log blob within a time budget, by what is stored, whatever this process remembers.

        Args:
            log: The log blob.
            deadline: The end of the budget.
            pointer: The pointer that led a sweep here; it is removed where nothing is left to do.
        """
        return self._deliver(Visit(log, deadline, Tally(), pointer))

    def _deliver(self, visit: Visit) -> Report:
        begun, message = self._clock.monotonic(), ""
        log, tally = visit.log, visit.tally
        try:
            if self.breaker.pause_left:
                outcome, message = Outcome.PAUSED, _PAUSED
            else:
                outcome = self._visitor.visit(visit)
        except SluiceError as trouble:
            outcome = Outcome.of(trouble)
            message = str(trouble)
            self._mind(trouble)
        if tally.posts and not self.breaker.pause_left:
            self.breaker.worked()
        milliseconds = int((self._clock.monotonic() - begun) * 1000)
        return Report(f"{log.kind.container}/{log.name}", outcome, tally, milliseconds, message)

    def _mind(self, trouble: SluiceError) -> None:
        if isinstance(trouble, RetryLater) and not isinstance(trouble, StorageAway):
            self.breaker.failed(trouble.wait)
        elif isinstance(trouble, (TokenRefused, UnexpectedAnswer, SettingError)) and not isinstance(
            trouble, Contradicted
        ):
            self.breaker.failed()
