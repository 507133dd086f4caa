"""Once a day: remove checkpoints that are no longer needed, and look for names that sweeps don't come across."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from shared.clock import Clock, Deadline
from shared.delivery.horizon import KEPT, whole_hour
from shared.delivery.unread import Unread
from shared.flowlog import LogBlob, LogKind, day_prefix, parse_blob_name
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

    def run(self, watermark: Watermark, resources: list[str], deadline: Deadline, unread: Unread) -> Watermark:
        """Tidy within a time budget, and return the watermark that says how far that went.

        Checkpoints are removed when they are too old to be needed, or when their log blob is gone.

        Raises:
            StorageAway: An account can't be reached now.
        """
        self._look_for_names(min(watermark.hour, self.clock.now() - _DAY), resources, deadline, unread)
        oldest = whole_hour(self.clock.now() - KEPT)
        for day, logs in groupby(self._closed_before(watermark.hour), lambda log: _day(log.hour)):
            if deadline.passed:
                return replace(watermark, tidy_from=day)
            checked = [log for log in logs if log.hour < oldest or day >= watermark.tidy_from]
            there = self._names(resources, day) if any(log.hour >= oldest for log in checked) else set()
            for log in checked:
                if log.hour < oldest or log.name not in there:
                    self.checkpoints.delete(log)
        return replace(watermark, tidied=self.clock.now(), tidy_from=_day(oldest))

    def _look_for_names(self, first: datetime, resources: list[str], deadline: Deadline, unread: Unread) -> None:
        for found in self.logs.elsewhere(self.kind):
            unread.add_name(found.name)
        for resource in resources:
            if deadline.passed:
                return
            for found in self.logs.misplaced(self.kind, resource, first.date(), self.clock.now().date()):
                unread.add_name(found.name)

    def _closed_before(self, hour: datetime) -> Iterator[LogBlob]:
        # Oldest first, as checkpoints are named.
        for summary in self.checkpoints.listed(self.kind):
            log = parse_blob_name(self.kind.container, summary.blob)
            if log is not None and log.hour < hour and summary.state is State.CLOSED:
                yield log

    def _names(self, resources: list[str], day: datetime) -> set[str]:
        prefixes = (day_prefix(resource, day.date()) for resource in resources)
        return {item.log.name for prefix in prefixes for item in self.logs.listed(self.kind, prefix)}


def _day(hour: datetime) -> datetime:
    return hour.replace(hour=0)
