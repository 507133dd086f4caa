"""The sweep: finds what no event told of, so that nothing is skipped, whatever happened for days.

From the watermark to now it compares what is committed with what is delivered, by listings alone, and hands the worker
what differs. The watermark moves over an hour once everything in it is found delivered.
"""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched, groupby

from shared.clock import Clock, Deadline
from shared.delivery.horizon import GRACE, KEPT, Horizon, whole_hour
from shared.delivery.hours import Stretch, is_over, stretches
from shared.delivery.report import Outcome, Report
from shared.delivery.worker import Worker
from shared.flowlog import LogBlob, LogKind, day_prefix, parse_blob_name
from shared.storage.checkpoint import State
from shared.storage.checkpoints import Checkpoints, Summary
from shared.storage.logs import FlowLogAccount, ListedLog
from shared.storage.watermarks import Watermark

_AT_ONCE = 4
_DAY = timedelta(days=1)
_SETTLED = {Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.VANISHED, Outcome.INCOMPLETE}
"""Outcomes after which the watermark may pass: an open checkpoint or a report keeps the last two in sight."""


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

        Gives a report for each log blob that was looked into. A bug at one of them keeps the watermark before its hour
        and is raised at the end, so that it keeps nothing else from being delivered.

        Raises:
            StorageAway: an account can't be reached now.
            HeldElsewhere: another sweep is at work.
            Unreadable: the watermark is of a newer format, or damaged.
        """
        if self._worker.breaker.pause_left:
            return
        watermark, etag = self._horizon.watermark(self._kind)
        bugs: list[Exception] = []
        for _, report in self._delivered(self._open_before(watermark.hour), deadline, bugs):
            yield report
        resources = list(self._logs.resources(self._kind))
        now, passed = self._clock.now(), watermark.hour
        for stretch in stretches(watermark.hour, now):
            settled = yield from self._stretch(stretch, resources, deadline, bugs)
            if settled and passed == stretch.start and stretch.end + GRACE <= now:
                passed = stretch.end
            if self._must_stop(deadline):
                break
        if passed != watermark.hour:
            watermark = replace(watermark, hour=passed)
            etag = self._horizon.move(self._kind, watermark, etag)
        if not timedelta(0) <= self._clock.now() - watermark.tidied < _DAY and not deadline.passed:
            self._horizon.move(self._kind, self._tidied(watermark, resources, deadline), etag)
        if bugs:
            raise bugs[0]

    def _must_stop(self, deadline: Deadline) -> bool:
        return deadline.passed or self._worker.breaker.pause_left > 0

    def _open_before(self, first: datetime) -> Iterator[LogBlob]:
        for checkpoint in self._checkpoints.listed_open(self._kind, first):
            log = parse_blob_name(self._kind.container, checkpoint.blob)
            if log is not None:
                yield log

    def _stretch(
        self, stretch: Stretch, resources: list[str], deadline: Deadline, bugs: list[Exception]
    ) -> Generator[Report, None, bool]:
        # Returns whether everything in these hours is delivered, or is kept in sight some other way.
        known = {summary.blob: summary for summary in self._checkpoints.listed(self._kind, stretch.checkpoints)}
        oldest = self._horizon.oldest(self._kind)
        pending = [
            item.log
            for resource in resources
            for item in self._logs.listed(self._kind, stretch.prefix(resource))
            if stretch.start <= item.log.hour < stretch.end
            and (item.log.hour >= oldest or item.log.name in known)
            and not self._is_settled(item, known.get(item.log.name))
        ]
        settled = 0
        for log, report in self._delivered(pending, deadline, bugs):
            settled += _may_pass(report.outcome, known.get(log.name))
            yield report
        return settled == len(pending)

    def _delivered(
        self, logs: Iterable[LogBlob], deadline: Deadline, bugs: list[Exception]
    ) -> Iterator[tuple[LogBlob, Report]]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in batched(logs, _AT_ONCE, strict=False):
                if self._must_stop(deadline):
                    return
                for log, result in zip(some, pool.map(lambda log: self._attempt(log, deadline), some), strict=True):
                    if isinstance(result, Report):
                        yield log, result
                    else:
                        bugs.append(result)

    def _attempt(self, log: LogBlob, deadline: Deadline) -> Report | Exception:
        try:
            return self._worker.deliver(log, deadline)
        except Exception as bug:  # noqa: BLE001 -- it is raised once the others had their turn
            bug.add_note(f"It came up while {log.kind.container}/{log.name} was swept.")
            return bug

    def _is_settled(self, item: ListedLog, summary: Summary | None) -> bool:
        if item.size == 0:
            return True
        if summary is None or summary.etag != item.etag:
            return False
        return summary.state is State.CLOSED or not is_over(item.log, self._clock.now())

    def _tidied(self, watermark: Watermark, resources: list[str], deadline: Deadline) -> Watermark:
        # Checkpoints go when they are too old to be needed, or when their log blob is gone.
        oldest = whole_hour(self._clock.now() - KEPT)
        for day, logs in groupby(self._closed_before(watermark.hour), lambda log: _day(log.hour)):
            if deadline.passed:
                return replace(watermark, tidy_from=day)
            checked = [log for log in logs if log.hour < oldest or day >= watermark.tidy_from]
            there = self._names(resources, day) if any(log.hour >= oldest for log in checked) else set()
            for log in checked:
                if log.hour < oldest or log.name not in there:
                    self._checkpoints.delete(log)
        return replace(watermark, tidied=self._clock.now(), tidy_from=_day(oldest))

    def _closed_before(self, hour: datetime) -> Iterator[LogBlob]:
        # Oldest first, as checkpoints are named.
        for summary in self._checkpoints.listed(self._kind):
            log = parse_blob_name(self._kind.container, summary.blob)
            if log is not None and log.hour < hour and summary.state is State.CLOSED:
                yield log

    def _names(self, resources: list[str], day: datetime) -> set[str]:
        prefixes = (day_prefix(resource, day.date()) for resource in resources)
        return {item.log.name for prefix in prefixes for item in self._logs.listed(self._kind, prefix)}


def _may_pass(outcome: Outcome, summary: Summary | None) -> bool:
    # What can't be read is kept in sight by its open checkpoint, or else by the watermark.
    is_open = summary is not None and summary.state is State.OPEN
    return outcome in _SETTLED or (outcome is Outcome.UNSUPPORTED and is_open)


def _day(hour: datetime) -> datetime:
    return hour.replace(hour=0)
