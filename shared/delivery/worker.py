"""One invocation for one log blob: hold it, deliver what is new, release it, and look again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from shared.clock import Deadline
from shared.delivery.batch import CUT_VERSION
from shared.delivery.breaker import Breaker
from shared.delivery.byte_range import Fetch
from shared.delivery.collaborators import CheckpointWriter, Collaborators
from shared.delivery.flights import PassSource
from shared.delivery.hours import is_over, is_settled
from shared.delivery.readable import check_readable
from shared.delivery.reading import is_rewritten, survey
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.transfer import Transfer
from shared.errors import (
    Contradicted,
    HeldElsewhere,
    Overtaken,
    RetryLater,
    SettingError,
    SluiceError,
    StorageAway,
    TokenRefused,
    UnexpectedAnswer,
    Unsupported,
    Vanished,
)
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State
from shared.storage.logs import Snapshot

BUDGET_SECONDS = 240.0
_LOOKS_AGAIN = 3
_OVERTAKEN_TIMES = 5
_PAUSED = "The gateway failed a short while ago, so nothing is sent to it until the pause is over."


@dataclass(frozen=True, slots=True)
class _Visit:
    # A log blob to deliver, how long that may take, and what is counted along the way.
    log: LogBlob
    deadline: Deadline
    tally: Tally


@dataclass(frozen=True, slots=True)
class _Look:
    # What came of a look at a log blob, and the ETag of the commit that was looked through; None where none was.
    outcome: Outcome
    etag: str | None = None


_TOO_OLD = _Look(Outcome.TOO_OLD)
_EMPTY = _Look(Outcome.NOTHING_NEW)
_GONE = _Look(Outcome.NOTHING_NEW)
_OVERTAKEN = _Look(Outcome.CONTINUES)


class LogSource(Protocol):
    """Log blobs to read; see `shared.storage.logs` for errors."""

    @property
    def name(self) -> str:
        """The storage account's name."""

    def snapshot(self, log: LogBlob) -> Snapshot: ...

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes: ...

    def etag(self, log: LogBlob) -> str | None: ...

    def is_listed(self, log: LogBlob) -> bool: ...


class Held(CheckpointWriter, Protocol):
    """A log blob that this worker holds alone."""

    def load(self) -> Checkpoint: ...


class CheckpointStore(Protocol):
    """Checkpoints to hold; see `shared.storage.checkpoints` for errors."""

    def create(self, log: LogBlob, checkpoint: Checkpoint) -> None: ...

    def hold(self, log: LogBlob) -> AbstractContextManager[Held | None]: ...


class Worker:
    """Delivers log blobs, one per call; safe to share between threads."""

    def __init__(
        self,
        logs: LogSource,
        checkpoints: CheckpointStore,
        collaborators: Collaborators,
        oldest_hour: Callable[[LogKind], datetime],
        batch_max_records: int,
    ) -> None:
        self._logs = logs
        self._checkpoints = checkpoints
        self._collaborators = collaborators
        self._oldest_hour = oldest_hour
        self._cut = CutRule(CUT_VERSION, batch_max_records)
        self.breaker = Breaker(collaborators.clock)

    def handle(self, container: str, name: str) -> Report:
        """Deliver what is new in a blob that an event named; everything but a bug ends in a report."""
        log = parse_blob_name(container, name)
        if log is None:
            return Report(f"{container}/{name}", Outcome.NOT_A_FLOW_LOG, Tally(), 0)
        return self.deliver(log, Deadline(self._collaborators.clock, BUDGET_SECONDS))

    def deliver(self, log: LogBlob, deadline: Deadline) -> Report:
        """Deliver what is new in a log blob within a time budget."""
        begun = self._collaborators.clock.monotonic()
        visit, message = _Visit(log, deadline, Tally()), ""
        try:
            if self.breaker.pause_left:
                outcome, message = Outcome.PAUSED, _PAUSED
            else:
                outcome = self._look_until_still(visit)
        except SluiceError as trouble:
            outcome = Outcome.of(trouble)
            message = str(trouble)
            self._mind(trouble)
        if visit.tally.posts and not self.breaker.pause_left:
            self.breaker.worked()
        milliseconds = int((self._collaborators.clock.monotonic() - begun) * 1000)
        return Report(f"{log.kind.container}/{log.name}", outcome, visit.tally, milliseconds, message)

    def _mind(self, trouble: SluiceError) -> None:
        if isinstance(trouble, RetryLater) and not isinstance(trouble, StorageAway):
            self.breaker.failed(trouble.wait)
        elif isinstance(trouble, (TokenRefused, UnexpectedAnswer, SettingError)) and not isinstance(
            trouble, Contradicted
        ):
            self.breaker.failed()

    def _look_until_still(self, visit: _Visit) -> Outcome:
        # An event that finds the blob held leaves at once, so the holder looks again after releasing it.
        for _ in range(1 + _LOOKS_AGAIN):
            look = self._look(visit)
            if look is _TOO_OLD or visit.deadline.passed or not self._is_changed(visit.log, look):
                break
        return Outcome.DELIVERED if look.outcome is Outcome.NOTHING_NEW and visit.tally.bytes else look.outcome

    def _is_changed(self, log: LogBlob, look: _Look) -> bool:
        # A deleted blob no longer changes.
        return self._logs.etag(log) not in {look.etag, None}

    def _look(self, visit: _Visit) -> _Look:
        log = visit.log
        with self._checkpoints.hold(log) as held:
            if held is not None:
                return self._deliver_held(visit, held)
        if log.hour < self._oldest_hour(log.kind):
            return _TOO_OLD
        try:
            if not self._begin(visit):
                return _EMPTY
        except Overtaken:
            return _OVERTAKEN
        with self._checkpoints.hold(log) as held:
            if held is None:
                raise HeldElsewhere(f"The checkpoint of {log.name} was deleted right after it was written.")
            return self._deliver_held(visit, held)

    def _begin(self, visit: _Visit) -> bool:
        # Layout and cut rule are fixed before the first post, so that every later worker cuts the same batches.
        log = visit.log
        try:
            snapshot = self._logs.snapshot(log)
            if snapshot.size == 0:
                return False
            layout = _layout(log, snapshot, partial(self._logs.read, log, snapshot))
        except Vanished:
            self._check_it_is_gone(log)
            raise
        self._checkpoints.create(log, Checkpoint(log.name, layout, self._cut))
        return True

    def _check_it_is_gone(self, log: LogBlob) -> None:
        # What is gone is never looked at again, so two of storage's answers must say so.
        if self._logs.is_listed(log):
            raise StorageAway(
                f"Storage account {self._logs.name} says that {log.name} is gone, though its listing shows it. "
                "It will be looked at again later."
            )

    def _deliver_held(self, visit: _Visit, held: Held) -> _Look:
        for _ in range(_OVERTAKEN_TIMES):
            checkpoint = held.load()
            try:
                return self._pass(visit, held, checkpoint)
            except Overtaken:
                continue
            except Vanished:
                self._check_it_is_gone(visit.log)
                return self._close_vanished(held)
        return _OVERTAKEN

    def _close_vanished(self, held: Held) -> _Look:
        # The pass may have saved progress, so the checkpoint is loaded again. Only a closed one says that nothing of
        # the hour was left: an open one may never have seen the last commits.
        checkpoint = held.load()
        if checkpoint.state is State.CLOSED:
            return _GONE
        held.save(replace(checkpoint, state=State.CLOSED))
        raise Vanished(
            f"The log blob is gone; whatever it held after byte {checkpoint.offset} was not delivered. "
            "Check the flow log's retention."
        )

    def _pass(self, visit: _Visit, held: Held, checkpoint: Checkpoint) -> _Look:
        log, tally = visit.log, visit.tally
        snapshot = self._logs.snapshot(log)
        if checkpoint.etag == snapshot.etag:
            if checkpoint.state is State.OPEN and is_over(log, self._collaborators.clock.now()):
                held.save(replace(checkpoint, state=State.CLOSED))
            return _Look(Outcome.NOTHING_NEW, snapshot.etag)
        fetch = partial(self._logs.read, log, snapshot)
        if is_rewritten(checkpoint, snapshot, fetch):
            self._check_rewritten(log, checkpoint, snapshot)
            tally.rewritten += 1
            checkpoint = checkpoint.rewritten(_layout(log, snapshot, fetch))
            held.save(checkpoint)
        source = PassSource(
            self._logs.name, log, snapshot, fetch, settled=is_settled(log, self._collaborators.clock.now())
        )
        transfer = Transfer(self._collaborators, source, checkpoint, held, visit.deadline, tally)
        transfer.run()
        if tally.bytes:
            tally.lag_seconds = round((self._collaborators.clock.now() - snapshot.modified).total_seconds(), 1)
        if not transfer.left:
            return _Look(Outcome.DELIVERED if tally.bytes else Outcome.NOTHING_NEW, snapshot.etag)
        if visit.deadline.passed:
            return _Look(Outcome.CONTINUES, snapshot.etag)
        if not source.settled:
            return _Look(Outcome.INCOMPLETE, snapshot.etag)
        raise Unsupported(
            f"The last {transfer.left} bytes are not a complete record although the hour is over, so this layout is "
            f"not supported. They count as backlog. Look at the blob, and replay its hour once it is complete."
        )

    def _check_rewritten(self, log: LogBlob, checkpoint: Checkpoint, snapshot: Snapshot) -> None:
        # A rewritten blob is delivered again as a whole, so a second look must say the same.
        again = self._logs.snapshot(log)
        if again != snapshot or not is_rewritten(checkpoint, again, partial(self._logs.read, log, again)):
            raise Overtaken(f"{log.name} looked rewritten at first, and then it did not.")


def _layout(log: LogBlob, snapshot: Snapshot, fetch: Fetch) -> Layout:
    layout = survey(snapshot, fetch)
    if layout is Layout.BYTES:
        check_readable(log.name, snapshot.size, fetch)
    return layout
