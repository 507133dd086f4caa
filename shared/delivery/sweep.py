"""The sweep: finds what no event announced, so that nothing is skipped, even after an outage of days.

From the watermark to now it compares what is committed with what is delivered, only by listings, and passes differences
to the worker. The watermark moves past an hour once everything in it is found delivered.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched

from shared.clock import Clock, Deadline
from shared.delivery.candidates import Candidate, Candidates, Progress
from shared.delivery.cycle import Leg, legs
from shared.delivery.horizon import GRACE, Horizon
from shared.delivery.hours import hours_between
from shared.delivery.report import Outcome, Report
from shared.delivery.silent import silent_nics
from shared.delivery.tidying import Tidying
from shared.delivery.unread import Unread
from shared.delivery.worker import Worker
from shared.errors import ContainerMissing, StorageAway
from shared.flowlog import LogKind
from shared.storage.checkpoints import Checkpoints
from shared.storage.log_listings import UnknownName
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers
from shared.storage.watermarks import StoppedAt, Watermark

_AT_ONCE = 4
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SETTLED = {Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.INCOMPLETE}
"""Outcomes after which the watermark may pass: an open checkpoint keeps the last one in sight."""


class Sweep:
    """Sweeps one kind of flow log of one account."""

    def __init__(
        self,
        kind: LogKind,
        worker: Worker,
        logs: FlowLogAccount,
        checkpoints: Checkpoints,
        pointers: Pointers,
        horizon: Horizon,
        clock: Clock,
    ) -> None:
        self._kind = kind
        self._worker = worker
        self._logs = logs
        self._checkpoints = checkpoints
        self._pointers = pointers
        self._horizon = horizon
        self._clock = clock

    def run(self, deadline: Deadline) -> Iterator[Report]:
        """Deliver what was missed, within a time budget; the next run continues where this one stopped.

        Yields a report for each log blob that was looked into, and one for all those that can't be read according to
        their listing. A bug at one of them keeps the watermark before its hour and is raised at the end, so that
        everything else is still delivered.

        Raises:
            StorageAway: An account can't be reached now.
            HeldElsewhere: Another sweep is at work.
            Unreadable: The watermark is of a newer format, or damaged.
        """
        if self._worker.breaker.pause_left:
            return
        before, etag = self._horizon.watermark(self._kind)
        unread, now = Unread(self._kind), self._clock.now()
        try:
            resources = self._resources(unread)
        except ContainerMissing as missing:
            self._pass_without_container(before, etag, now, missing)
            return
        watermark = self._horizon.appeared(before)
        seen = Progress(tuple(hours_between(watermark.hour, now)), unread)
        yield from self._go_around(watermark, resources, deadline, seen)
        watermark = replace(watermark, hour=_settled_until(watermark.hour, seen, now), stopped=seen.stopped)
        # Told before the watermark moves: a process that dies in between tells them twice, and not never.
        if seen.stopped is None and not seen.troubles:
            yield from silent_nics(self._kind, seen.newest, watermark.hour)
        if watermark != before:
            etag = self._horizon.move(self._kind, watermark, etag)
        if not timedelta(0) <= self._clock.now() - watermark.tidied < _DAY and not deadline.passed:
            tidying = Tidying(self._kind, self._logs, self._checkpoints, self._clock)
            if tidying.run(watermark, resources, deadline, unread):
                self._horizon.move(self._kind, replace(watermark, tidied=self._clock.now()), etag)
        yield from unread.report()
        for trouble in (*seen.bugs, *seen.troubles):
            raise trouble

    def _resources(self, unread: Unread) -> list[str]:
        # In the order of the names that they begin.
        found = list[str]()
        for each in self._logs.roots(self._kind):
            if isinstance(each, UnknownName):
                unread.add_name(each.name)
            else:
                found.append(each)
        return sorted(found, key=lambda resource: f"{resource}/")

    def _pass_without_container(
        self, watermark: Watermark, etag: str, now: datetime, missing: ContainerMissing
    ) -> None:
        lost = watermark.lost(missing)
        if lost:
            raise StorageAway(
                f"{lost} If it is gone for good, delete its entity in the table `checkpoints`, under the partition key "
                f"`watermarks-{self._logs.name}`."
            )
        # Nothing was ever written there, so its hours pass like any in which nothing was logged.
        seen = Progress(tuple(hours_between(watermark.hour, now)), Unread(self._kind))
        passed = _settled_until(watermark.hour, seen, now)
        if passed != watermark.hour:
            self._horizon.move(self._kind, replace(watermark, hour=passed, stopped=None), etag)

    def _go_around(
        self, watermark: Watermark, resources: list[str], deadline: Deadline, seen: Progress
    ) -> Iterator[Report]:
        oldest, now = self._horizon.oldest(self._kind), self._clock.now()
        candidates = Candidates(
            self._kind,
            self._logs,
            self._checkpoints,
            self._pointers,
            oldest,
            now,
            lambda: self._must_stop(deadline),
            seen,
        )
        way = legs(seen.hours, watermark.stopped)
        for number, leg in enumerate(way):
            if leg.hours is None:
                start, found = watermark.hour - _HOUR, candidates.begun(leg, watermark.hour)
            else:
                start, found = leg.hours.start, candidates.of_hours(leg, leg.hours, resources)
            yield from self._deliver(found, leg, start, deadline, seen)
            if seen.stopped is not None or self._must_stop(deadline):
                # If a leg was completed, nothing is left before the next one.
                rest = way[number:] if seen.stopped else way[number + 1 :]
                seen.stopped = seen.stopped or _beginning(rest, watermark)
                seen.held |= {each.hours for each in rest}
                return

    def _deliver(
        self, candidates: Iterable[Candidate], leg: Leg, start: datetime, deadline: Deadline, seen: Progress
    ) -> Iterator[Report]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in batched(candidates, _AT_ONCE, strict=False):
                if self._must_stop(deadline):
                    seen.stopped = StoppedAt(start, some[0].log.name[:-1])  # right before it
                    return
                results = pool.map(lambda each: self._attempt(each, deadline), some)
                for candidate, result in zip(some, results, strict=True):
                    if not isinstance(result, Report):
                        seen.bugs.append(result)
                    if not isinstance(result, Report) or not _may_pass(result.outcome, candidate):
                        seen.held.add(leg.hours)
                    if isinstance(result, Report):
                        yield result

    def _attempt(self, candidate: Candidate, deadline: Deadline) -> Report | Exception:
        log = candidate.log
        try:
            return self._worker.deliver(log, deadline, candidate.pointer)
        except Exception as bug:  # noqa: BLE001 -- it is raised once the others have had their turn
            bug.add_note(f"This happened while {log.kind.container}/{log.name} was being swept.")
            return bug

    def _must_stop(self, deadline: Deadline) -> bool:
        return deadline.passed or self._worker.breaker.pause_left > 0


def _beginning(legs: Sequence[Leg], watermark: Watermark) -> StoppedAt | None:
    # Where the first of the legs begins; None for no leg.
    if not legs:
        return None
    first = legs[0]
    return StoppedAt(watermark.hour - _HOUR if first.hours is None else first.hours.start, first.after)


def _settled_until(first: datetime, seen: Progress, now: datetime) -> datetime:
    # Up to the first hours in which something is left to do, or that ended too short a time ago.
    passed = first
    for hours in seen.hours:
        if hours in seen.held or hours.end + GRACE > now:
            break
        passed = hours.end
    return passed


def _may_pass(outcome: Outcome, candidate: Candidate) -> bool:
    # What can't be read is kept in sight by its open checkpoint, or else by the watermark. What a listing of this sweep
    # has shown is not gone before a later sweep finds it so.
    if outcome is Outcome.VANISHED:
        return not candidate.is_shown
    return outcome in _SETTLED or (outcome is Outcome.UNSUPPORTED and candidate.is_begun)
