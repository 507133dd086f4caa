"""Once a day: remove checkpoints that are no longer needed, and look for names that sweeps don't come across."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock, Deadline
from shared.delivery.horizon import KEPT, whole_hour
from shared.delivery.unread import Unread
from shared.flowlog import LogKind, parse_blob_name
from shared.storage.checkpoint import State
from shared.storage.checkpoints import Checkpoints
from shared.storage.logs import FlowLogAccount
from shared.storage.watermarks import Watermark

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tidying:
    """Tidies what is stored about one kind of flow log of one account."""

    kind: LogKind
    logs: FlowLogAccount
    checkpoints: Checkpoints
    clock: Clock

    def run(self, watermark: Watermark, resources: list[str], deadline: Deadline, unread: Unread) -> bool:
        """Tidy within a time budget; return whether that was enough.

        Checkpoints are removed once they are closed and too old to be needed. Older ones were removed before, so what
        is asked for does not grow with what is kept.

        Raises:
            StorageAway: An account can't be reached now.
        """
        self._look_for_names(min(watermark.hour, self.clock.now() - _DAY), resources, deadline, unread)
        oldest = min(whole_hour(self.clock.now() - KEPT), watermark.hour)
        for summary in self.checkpoints.listed_before(self.kind, oldest):
            if deadline.passed:
                return False
            log = parse_blob_name(self.kind.container, summary.blob)
            if log is not None and summary.state is State.CLOSED:
                self.checkpoints.delete(log, summary)
        self.checkpoints.remove_overflows(self.kind, oldest, self.clock.now() - _DAY)
        return True

    def _look_for_names(self, first: datetime, resources: list[str], deadline: Deadline, unread: Unread) -> None:
        for found in self.logs.elsewhere(self.kind):
            unread.add_name(found.name)
        for resource in resources:
            if deadline.passed:
                return
            for found in self.logs.misplaced(self.kind, resource, first.date(), self.clock.now().date()):
                unread.add_name(found.name)
