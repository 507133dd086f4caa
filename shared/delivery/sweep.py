"""The sweep: finds what no event told of, so that nothing is skipped, whatever happened for days.

From the watermark to now it compares what is committed with what is delivered, by listings alone, and hands the worker
what differs. The watermark moves over an hour once everything in it is found delivered.
"""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import batched

from shared.clock import Clock, Deadline
from shared.delivery.horizon import KEPT, Horizon, whole_hour
from shared.delivery.hours import Stretch, is_over, stretches
from shared.delivery.report import Outcome, Report
from shared.delivery.worker import Worker
from shared.flowlog import LogKind, day_prefix, parse_blob_name
from shared.storage.checkpoint import State
from shared.storage.checkpoints import Checkpoints, Summary
from shared.storage.logs import FlowLogAccount, ListedLog

_AT_ONCE = 4
_DAY = timedelta(days=1)
_GRACE = timedelta(hours=2)
_SETTLED = {Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.VANISHED, Outcome.INCOMPLETE, Outcome.UNSUPPORTED}
"""Outcomes after which the watermark may pass: an open checkpoint or a report keeps the last three in sight."""


class Sweep:
    """Sweeps one kind of flow log of one account."""

    def __init__(
        self,
        kind: LogKind,
        worker: Worker,
        logs: FlowLogAccount,
        checkpoints: Checkpoints,
        horizon: Horizon,
        clock: Clock,
    ) -> None:
        self._kind = kind
        self._worker = worker
        self._logs = logs
        self._checkpoints = checkpoints
        self._horizon = horizon
        self._clock = clock

    def run(self, deadline: Deadline) -> Iterator[Report]:
        """Deliver what was missed, within a time budget; the next run goes on where this one stopped.

        Gives a report for each log blob that was looked into.

        Raises:
            StorageAway: an account can't be reached now.
            HeldElsewhere: another sweep is at work.
        """
        if self._worker.breaker.pause_left:
            return
        watermark, etag = self._horizon.watermark(self._kind)
        first = max(watermark.hour, self._horizon.oldest(self._kind))
        yield from self._open_before(first, deadline)
        resources = list(self._logs.resources(self._kind))
        passed = first
        for stretch in stretches(first, self._clock.now()):
            settled = yield from self._stretch(stretch, resources, deadline)
            if settled and passed == stretch.start and stretch.end + _GRACE <= self._clock.now():
                passed = stretch.end
            if deadline.passed or self._worker.breaker.pause_left:
                break
        if passed != watermark.hour:
            etag = self._horizon.move(self._kind, replace(watermark, hour=passed), etag)
        if self._clock.now() - watermark.tidied >= _DAY and not deadline.passed:
            self._tidy(resources, passed)
            self._horizon.move(self._kind, replace(watermark, hour=passed, tidied=self._clock.now()), etag)

    def _open_before(self, first: datetime, deadline: Deadline) -> Iterator[Report]:
        for checkpoint in self._checkpoints.listed_open(self._kind, first):
            log = parse_blob_name(self._kind.container, checkpoint.blob)
            if log is not None and not deadline.passed:
                yield self._worker.deliver(log, deadline)

    def _stretch(self, stretch: Stretch, resources: list[str], deadline: Deadline) -> Generator[Report, None, bool]:
        # Returns whether everything in these hours is delivered, or is kept in sight some other way.
        known = {summary.blob: summary for summary in self._checkpoints.listed(self._kind, stretch.checkpoints)}
        pending = [
            item.log
            for resource in resources
            for item in self._logs.listed(self._kind, stretch.prefix(resource))
            if stretch.start <= item.log.hour < stretch.end and not self._is_settled(item, known.get(item.log.name))
        ]
        settled = True
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in batched(pending, _AT_ONCE, strict=False):
                if deadline.passed or self._worker.breaker.pause_left:
                    return False
                for report in pool.map(lambda log: self._worker.deliver(log, deadline), some):
                    settled = settled and report.outcome in _SETTLED
                    yield report
        return settled

    def _is_settled(self, item: ListedLog, summary: Summary | None) -> bool:
        if item.size == 0:
            return True
        if summary is None or summary.etag != item.etag:
            return False
        return summary.state is State.CLOSED or not is_over(item.log, self._clock.now())

    def _tidy(self, resources: list[str], before: datetime) -> None:
        # Checkpoints go when they are too old to be needed, or when their log blob is gone.
        oldest = whole_hour(self._clock.now() - KEPT)
        there: dict[date, set[str]] = {}
        for summary in self._checkpoints.listed(self._kind):
            log = parse_blob_name(self._kind.container, summary.blob)
            if log is None or log.hour >= before or summary.state is State.OPEN:
                continue
            day = log.hour.date()
            if log.hour >= oldest and day not in there:
                there[day] = {
                    item.log.name
                    for resource in resources
                    for item in self._logs.listed(self._kind, day_prefix(resource, day))
                }
            if log.hour < oldest or log.name not in there[day]:
                self._checkpoints.delete(log)
