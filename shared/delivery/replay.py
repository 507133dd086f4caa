"""Sending the logs of past hours again, which fills in what the gateway lost, and duplicates nothing.

A log blob is first delivered as for an event. What had been delivered before is then posted again in exactly the same
batches, under the same keys: layout, cut rule, generation and halvings are those of the checkpoint, which stays as it
is. A batch that the gateway has is answered as a duplicate, and one that it lost is stored. A batch that it accepted as
a whole is never halved now, since its halves have other keys and would be stored in addition.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.apigw.client import LONGEST_SECONDS
from shared.clock import Clock, Deadline
from shared.delivery.batch import CUT_VERSION
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.flights import PassSource
from shared.delivery.hours import hours_between, is_settled
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.transfer import Transfer
from shared.delivery.worker import BUDGET_SECONDS, Worker
from shared.errors import ContainerMissing, Overtaken, SluiceError, UnexpectedAnswer, Unsupported
from shared.flowlog import LogKind
from shared.storage.checkpoint import Checkpoint
from shared.storage.checkpoints import Checkpoints
from shared.storage.log_listings import ListedLog
from shared.storage.logs import FlowLogAccount

_AT_ONCE = 4
_EVER = datetime.min.replace(tzinfo=UTC)
_READABLE = {Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.INCOMPLETE, Outcome.UNSUPPORTED}
_STOPPING = {
    Outcome.RETRY_LATER,
    Outcome.PAUSED,
    Outcome.TOKEN_REFUSED,
    Outcome.UNEXPECTED_ANSWER,
    Outcome.INVALID_SETTING,
}
"""Outcomes that the next log blob would have, too."""

type Progress = Callable[[int], None]
"""Called with the number of bytes of logs that were read, from several threads."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A log blob to replay, and whether it was begun before: only then is there something to send again."""

    item: ListedLog
    begun: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays the logs of one account.

    Attributes:
        logs, checkpoints, claims, collaborators: As the function app has them.
        batch_max_records: For log blobs that have no checkpoint yet.
        again: An operator's ID in the keys, which makes every record count a second time; "" for none.
    """

    logs: FlowLogAccount
    checkpoints: Checkpoints
    claims: Claims
    collaborators: Collaborators
    batch_max_records: int
    again: str = ""

    def plan(self, start: datetime, end: datetime, prefix: str = "") -> list[Planned]:
        """List the log blobs of the hours from `start` up to `end`, the oldest hour first.

        Args:
            start: A whole hour.
            end: The whole hour after the last one.
            prefix: What the names of the log blobs begin with, in any case.

        Raises:
            StorageAway: An account can't be reached now.
        """
        found = [planned for kind in LogKind for planned in self._planned(kind, start, end, prefix.lower())]
        return sorted(found, key=lambda planned: (planned.item.log.hour, planned.item.log.name))

    def run(
        self, plan: Sequence[Planned], stop: threading.Event, progress: Progress
    ) -> Iterator[tuple[Planned, Report]]:
        """Send several log blobs at a time; yield a report for each that was looked into, in the order of the plan.

        Once `stop` is set no further batch is begun. It is also set here when the gateway or a storage account fails.
        """
        worker = Worker(self.logs, self.claims, self.collaborators, lambda _kind: _EVER, self.batch_max_records)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            reports = pool.map(lambda planned: _One(self, planned, worker, stop, progress).run(), plan)
            for planned, report in zip(plan, reports, strict=True):
                if report is not None:
                    yield planned, report

    def _planned(self, kind: LogKind, start: datetime, end: datetime, prefix: str) -> Iterator[Planned]:
        try:
            resources = [each for each in self.logs.resources(kind) if each.lower().startswith(prefix)]
        except ContainerMissing:  # one of the two kinds of log was usually never written
            return
        for hours in hours_between(start, end):
            begun = {summary.blob for summary in self.checkpoints.listed(kind, hours.start, hours.end)}
            for resource in resources:
                for item in self.logs.listed(kind, hours.prefix(resource)):
                    yield Planned(item, item.log.name in begun)


class _One:
    # The replay of one log blob.

    def __init__(
        self, replay: Replay, planned: Planned, worker: Worker, stop: threading.Event, progress: Progress
    ) -> None:
        self._replay = replay
        self._planned = planned
        self._log = planned.item.log
        self._worker = worker
        self._stop = stop
        self._progress = progress
        self._deadline = _Allowance(replay.collaborators.clock, stop)
        self._left = planned.item.size

    def run(self) -> Report | None:
        if self._stop.is_set():
            return None
        report = self._worker.deliver(self._log, self._deadline)
        if self._planned.begun and report.outcome in _READABLE:
            report = self._repeat(report)
        if report.outcome in _STOPPING:
            self._stop.set()
        self._advance(self._left)
        return report

    def _repeat(self, report: Report) -> Report:
        try:
            outcome = self._post_again(report.tally)
        except Overtaken:
            outcome = Outcome.CONTINUES
        except SluiceError as trouble:
            return replace(report, outcome=Outcome.of(trouble), message=str(trouble))
        return report if outcome is Outcome.DELIVERED and report.message else replace(report, outcome=outcome)

    def _post_again(self, tally: Tally) -> Outcome:
        replay, snapshot = self._replay, self._replay.logs.snapshot(self._log)
        entry = replay.checkpoints.read(self._log)
        if entry is None or entry.checkpoint.etag not in {snapshot.etag, ""}:
            return Outcome.CONTINUES
        checkpoint = entry.checkpoint
        if not replay.again:
            _check_batches_are_known(checkpoint)
        first = Checkpoint(
            checkpoint.blob, checkpoint.layout, checkpoint.cut, checkpoint.generation, halved=checkpoint.halved
        )

        def fetch(start: int, end: int) -> bytes:
            self._deadline.renew()
            self._advance(end - start)
            return replay.logs.read(self._log, snapshot, start, end)

        settled = is_settled(self._log, replay.collaborators.clock.now())
        source = PassSource(replay.logs.name, self._log, snapshot, fetch, replay.again, settled)
        writer = _Bystander(first, may_halve=bool(replay.again))
        transfer = Transfer(replay.collaborators, source, first, writer, self._deadline, tally)
        transfer.run()
        return Outcome.CONTINUES if transfer.left and self._deadline.passed else Outcome.DELIVERED

    def _advance(self, count: int) -> None:
        count = min(count, self._left)
        self._left -= count
        self._progress(count)


def _check_batches_are_known(checkpoint: Checkpoint) -> None:
    if checkpoint.cut.version != CUT_VERSION:
        raise Unsupported(
            "It was delivered by a version of Sluice that cuts batches differently, so a replay would store its "
            "records twice. Replay it with that version."
        )
    if checkpoint.loose:
        raise Unsupported(
            "It was delivered from blocks that were replaced later, so its batches are no longer known, and a replay "
            "could store its records twice."
        )


class _Bystander:
    # Stands in for the holder of a checkpoint that is not to change.

    def __init__(self, first: Checkpoint, *, may_halve: bool) -> None:
        self._halved = first.halved
        self._may_halve = may_halve

    def attempt_seconds(self) -> float:
        """Allow every post: what was delivered before may be posted by anyone, since its keys make it count once."""
        return LONGEST_SECONDS

    def keep(self) -> None:
        """Do nothing, since there is no claim."""

    def save(self, checkpoint: Checkpoint) -> None:
        if checkpoint.halved != self._halved and not self._may_halve:
            raise UnexpectedAnswer(
                "The gateway refuses a batch that it accepted as a whole before; in halves it would be stored twice. "
                "Configure the gateway to accept bodies as large as before, and run the replay again."
            )


class _Allowance(Deadline):
    # A time budget that starts over with every range that is read, and ends when the operator stops the replay.

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        super().__init__(clock, BUDGET_SECONDS)
        self._stop = stop

    def renew(self) -> None:
        self._end = self._clock.monotonic() + BUDGET_SECONDS

    @property
    def remaining(self) -> float:
        return 0.0 if self._stop.is_set() else super().remaining
