"""What a sweep has to look into: log blobs that are not completely delivered, according to listing and checkpoint."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from shared.delivery.cycle import Leg
from shared.delivery.hours import Hours, is_over
from shared.delivery.unread import Unread
from shared.errors import StorageAway
from shared.flowlog import LogBlob, LogKind, hour_prefix
from shared.storage.checkpoint import State
from shared.storage.checkpoints import Checkpoints
from shared.storage.entry import Summary
from shared.storage.log_listings import ListedLog, UnknownName
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointer, Pointers
from shared.storage.watermarks import StoppedAt


@dataclass(frozen=True, slots=True)
class Candidate:
    """A log blob to look into.

    Attributes:
        log: The log blob.
        is_begun: Whether it has an open checkpoint, so that it is found whatever the watermark is.
        is_shown: Whether a listing of this sweep has shown it.
        pointer: The pointer that led to it, if the watermark has passed its hour.
    """

    log: LogBlob
    is_begun: bool
    is_shown: bool = True
    pointer: Pointer | None = None


type Nic = tuple[str, str | None]
"""The resource and the MAC address in the names of a NIC's logs; see `LogBlob`."""


@dataclass(slots=True)
class Progress:
    """How far a sweep has come.

    Attributes:
        hours: From the watermark to now, to be gone through.
        unread: Blobs that nothing reads.
        stopped: Where it has to stop, once it has to.
        held: The hours in which something is left to do, or may be.
        troubles: What kept something from being listed. bugs: what should not have been raised.
        newest: The newest of the hours in which each NIC has a log, by its log's resource and its MAC address.
    """

    hours: tuple[Hours, ...]
    unread: Unread
    stopped: StoppedAt | None = None
    held: set[Hours | None] = field(default_factory=set)
    troubles: list[StorageAway] = field(default_factory=list)
    bugs: list[Exception] = field(default_factory=list)
    newest: dict[Nic, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds them only from listings, and records what else these show. A listing that fails hides only what is in it.

    Attributes:
        kind, logs, checkpoints, pointers: Where to look.
        oldest: The oldest hour that is delivered automatically.
        now: The time.
        must_stop: Returns whether the sweep has to end.
        progress: Of the sweep.
    """

    kind: LogKind
    logs: FlowLogAccount
    checkpoints: Checkpoints
    pointers: Pointers
    oldest: datetime
    now: datetime
    must_stop: Callable[[], bool]
    progress: Progress

    def begun(self, leg: Leg, first: datetime) -> Iterator[Candidate]:
        """Yield the log blobs from before the watermark that are not completely delivered."""
        begun = list[Pointer]()
        with self._noting(None):
            begun = [each for each in self.pointers.before(self.kind, first) if leg.has(each.log.name)]
        begun.sort(key=lambda each: each.log.name)
        for folder, some in groupby(begun, lambda each: hour_prefix(each.log.resource, each.log.hour)):
            with self._noting(None):
                listed = {item.log.name: item for item in self.logs.listed(self.kind, folder)}
                yield from self._begun_in(listed, list(some))

    def _begun_in(self, listed: Mapping[str, ListedLog], begun: Sequence[Pointer]) -> Iterator[Candidate]:
        for pointer in begun:
            item = listed.get(pointer.log.name)
            if item is not None and item.problem and self._is_unread(item):
                self.progress.unread.add(item)
            else:
                yield Candidate(pointer.log, is_begun=True, is_shown=item is not None, pointer=pointer)

    def _is_unread(self, item: ListedLog) -> bool:
        entry = self.checkpoints.read(item.log)
        return entry is None or entry.checkpoint.etag != item.etag

    def of_hours(self, leg: Leg, hours: Hours, resources: Sequence[str]) -> Iterator[Candidate]:
        """Yield the log blobs of some hours that are not completely delivered."""
        with self._noting(hours):
            known = {summary.blob: summary for summary in self.checkpoints.listed(self.kind, hours.start, hours.end)}
            for resource in filter(leg.may_have, resources):
                if self.must_stop():
                    self.progress.stopped = StoppedAt(hours.start, resource)
                    return
                pending = list[ListedLog]()
                with self._noting(hours):
                    pending = sorted(self._pending(hours, resource, known), key=lambda item: item.log.name)
                for item in pending:
                    if leg.has(item.log.name):
                        yield Candidate(item.log, _is_open(known.get(item.log.name)))

    @contextlib.contextmanager
    def _noting(self, hours: Hours | None) -> Iterator[None]:
        try:
            yield
        except StorageAway as trouble:
            self.progress.troubles.append(trouble)
            self.progress.held.add(hours)

    def _pending(self, hours: Hours, resource: str, known: Mapping[str, Summary]) -> Iterator[ListedLog]:
        for item in self.logs.entries(self.kind, hours.prefix(resource)):
            if isinstance(item, UnknownName):
                self.progress.unread.add_name(item.name)
                continue
            if not hours.start <= item.log.hour < hours.end:
                continue
            nic = item.log.resource, item.log.mac
            self.progress.newest[nic] = max(item.log.hour, self.progress.newest.get(nic, item.log.hour))
            summary = known.get(item.log.name)
            if self._is_settled(item, summary):
                continue
            if not _is_unread(item, summary):
                yield item
                continue
            self.progress.unread.add(item)
            if not _is_open(summary):
                self.progress.held.add(hours)

    def _is_settled(self, item: ListedLog, summary: Summary | None) -> bool:
        if summary is None:
            return item.size == 0 or item.log.hour < self.oldest
        if item.size == 0:
            return True
        closed = summary.state is State.CLOSED or not is_over(item.log, self.now)
        return closed and summary.commit == item.etag


def _is_unread(item: ListedLog, summary: Summary | None) -> bool:
    # What can't be read may have been delivered before, or by an event, and has only to be closed.
    return bool(item.problem) and (summary is None or summary.commit != item.etag)


def _is_open(summary: Summary | None) -> bool:
    return summary is not None and summary.state is State.OPEN
