"""What an invocation does about a log blob: it leaves it, has its holder look again, or claims it.

What is known of the checkpoint always comes from before the blocks are listed. Compared with an older list, a log would
look rewritten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import partial

from shared.delivery.claims import ChangedError, Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.holding import OVERTAKEN_TIMES, Holding, gone, layout_of
from shared.delivery.hours import is_over
from shared.delivery.log_source import LogSource, check_gone, latest
from shared.delivery.report import Outcome
from shared.delivery.visit import Visit
from shared.errors import HeldElsewhere, Overtaken, StorageAway, Vanished
from shared.flowlog import LogBlob, LogKind
from shared.storage.checkpoint import Checkpoint, CutRule
from shared.storage.entry import Entry
from shared.storage.logs import Snapshot

_TRIES = 3


class _Way(Enum):
    LEAVE = auto()
    CLOSE = auto()
    MARK = auto()
    CLAIM = auto()


@dataclass(frozen=True, slots=True)
class _Listed:
    # The log blob when its blocks were listed; None if it was gone.
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits log blobs; safe to share between threads.

    Attributes:
        logs, claims, collaborators: What visits work with.
        oldest_hour: Returns the oldest hour of a kind that is delivered automatically.
        cut: How batches of logs that are new are cut.
    """

    logs: LogSource
    claims: Claims
    collaborators: Collaborators
    oldest_hour: Callable[[LogKind], datetime]
    cut: CutRule

    def visit(self, visit: Visit) -> Outcome:
        """Deliver what is new in a log blob; return how that ended.

        Raises:
            SluiceError: Whatever kept it from being delivered.
        """
        log, listed, overtaken, in_vain = visit.log, None, 0, 0
        # By what is only remembered no pointer may be removed, and no watermark moved.
        entry = self.claims.known(log) if visit.from_memory else self.claims.read(log)
        while overtaken < OVERTAKEN_TIMES and not visit.deadline.passed:
            if entry is None and log.hour < self.oldest_hour(log.kind):
                self._drop_pointer(visit, only_aged=True)
                return Outcome.TOO_OLD
            # After a refusal the list is as old as what was known before, and no claim is based on it.
            if listed is None or entry is None or self._way(log, entry, listed.snapshot) is _Way.CLAIM:
                listed = _Listed(latest(self.logs, log))
            try:
                if entry is None:
                    return self._begin(visit, listed.snapshot)
                return self._go_on(visit, entry, listed.snapshot)
            except ChangedError as change:
                # Where nothing changed, nobody refused the write: storage did not take it, and may not the next time.
                in_vain += change.entry == entry
                if in_vain == _TRIES:
                    raise StorageAway(
                        f"The checkpoint of {log.name} can't be written, though nobody else writes it."
                    ) from None
                entry = change.entry
            except Overtaken:
                listed, overtaken = None, overtaken + 1
        return Outcome.CONTINUES

    def _way(self, log: LogBlob, entry: Entry, snapshot: Snapshot | None) -> _Way:
        is_gone, is_held = snapshot is None, self.claims.is_held(entry)
        nothing_left = entry.is_closed if snapshot is None else entry.checkpoint.etag == snapshot.etag
        is_to_close = is_gone or is_over(log, self.collaborators.clock.now())
        if nothing_left and (entry.is_closed or is_held or not is_to_close):
            return _Way.LEAVE
        if is_held:
            return _Way.MARK
        return _Way.CLOSE if (nothing_left or is_gone) and not entry.holder else _Way.CLAIM

    def _begin(self, visit: Visit, snapshot: Snapshot | None) -> Outcome:
        log = visit.log
        if snapshot is None:
            self._drop_pointer(visit, only_aged=True)
            if visit.pointer is not None and not visit.pointer.is_aged:
                return Outcome.NOTHING_NEW  # told once, when the pointer goes
            raise Vanished(f"{log.name} is gone.")
        if not snapshot.size:
            return Outcome.NOTHING_NEW
        # Layout and cut rule are fixed before the first post, so that every later worker cuts the same batches.
        try:
            layout = layout_of(log, snapshot, partial(self.logs.read, log, snapshot))
        except Vanished:
            check_gone(self.logs, log)
            raise Overtaken(f"{log.name} went while it was looked at.") from None
        return self._claim(visit, Checkpoint(log.name, layout, self.cut), snapshot)

    def _go_on(self, visit: Visit, entry: Entry, snapshot: Snapshot | None) -> Outcome:
        log = visit.log
        match self._way(log, entry, snapshot):
            case _Way.LEAVE:
                if entry.is_closed:
                    self._drop_pointer(visit, only_aged=snapshot is None)
                return Outcome.NOTHING_NEW
            case _Way.MARK:
                self.claims.mark(log, entry)
                raise HeldElsewhere(f"Another worker holds {log.name}, and will look at it again.")
            case _Way.CLOSE:
                self.claims.close(log, entry)
                if snapshot is None:
                    raise gone(entry.checkpoint)
                return Outcome.NOTHING_NEW
            case _Way.CLAIM:
                return self._claim(visit, entry, snapshot)

    def _claim(self, visit: Visit, stands: Entry | Checkpoint, snapshot: Snapshot | None) -> Outcome:
        claim, list_is_good = self.claims.claim(visit.log, stands)
        holding = Holding(self.logs, self.claims, claim, self.collaborators, visit)
        return holding.run(snapshot if list_is_good else None)

    def _drop_pointer(self, visit: Visit, *, only_aged: bool) -> None:
        # A list from after the pointer was listed shows that nothing is left to do, and whoever comes since writes
        # another version. Where there is no list, whoever wrote this one may be about to claim the log.
        if visit.pointer is not None and (visit.pointer.is_aged or not only_aged):
            self.claims.remove_pointer(visit.log, visit.pointer.etag)
