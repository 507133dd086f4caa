"""A claim on a log blob, in the hands of the invocation that holds it.

It lasts a minute by storage's clock, and is prolonged by every write. Only the thread of the pass writes. Whatever a
write met, nothing is assumed: the entry is read, and the write made again if the claim is still ours.
"""

import contextlib
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.clock import Clock
from shared.delivery.ledger import Ledger
from shared.errors import HeldElsewhere, Outdated, SluiceError, StorageAway
from shared.flowlog import LogBlob
from shared.storage.checkpoint import Checkpoint, State
from shared.storage.entry import Entry
from shared.storage.storage_clock import StorageClock

CLAIM_SECONDS: Final = 60.0
MARGIN_SECONDS: Final = 15.0
"""How long before its end nothing is posted under a claim any more, and after its end nobody takes it over yet."""
_PROLONGED_SECONDS: Final = 40.0
"""With less left a claim is prolonged, so that an attempt that begins has at least 25 s."""
_SHORTEST_ATTEMPT: Final = 1.0
_TRIES: Final = 10
"""A write that others refuse by their marks, or whose answers are lost, is made again; more in a row are no chance."""


class Claim:
    """A claim that stands.

    Attributes:
        checkpoint: What the latest write said, or tried to say; no later one says less.
        marked: Whether another invocation came since the log was last listed, so that it must be listed again.
    """

    def __init__(
        self, log: LogBlob, entry: Entry, sent: float, ledger: Ledger, storage_clock: StorageClock, clock: Clock
    ) -> None:
        """Take a claim that was written, or was found to be written; `sent` is when, by the process's own clock."""
        self.checkpoint = entry.checkpoint
        self.marked = entry.marked
        self._log = log
        self._entry = entry
        self._sent = sent
        self._ledger = ledger
        self._storage_clock = storage_clock
        self._clock = clock
        self._is_over = False

    @property
    def pointer(self) -> str:
        """The ETag of the pointer that was there before the claim."""
        return self._entry.pointer

    def attempt_seconds(self) -> float:
        """Return how long an attempt to post may take that begins now; any thread may ask.

        Raises:
            HeldElsewhere: Another worker holds the log blob now.
            StorageAway: The claim is about to end, and the pass could not prolong it yet.
        """
        if self._is_over:
            raise self._taken_over()
        seconds = self._left - MARGIN_SECONDS
        if seconds < _SHORTEST_ATTEMPT:
            raise StorageAway(f"The claim on {self._log.name} ended before it could be prolonged.")
        return seconds

    def keep(self) -> None:
        """Prolong the claim if it is due; only the thread of the pass may call this.

        Raises:
            HeldElsewhere: Another worker holds the log blob now.
            StorageAway: The account can't be asked now.
        """
        if self._left < _PROLONGED_SECONDS:
            self.save(self.checkpoint)

    def save(self, checkpoint: Checkpoint) -> None:
        """Store how far the log blob is delivered, and prolong the claim; errors as for `keep`."""
        self.checkpoint = replace(checkpoint, state=State.OPEN)  # only the write that ends the claim says closed
        for _ in range(_TRIES):
            until = claim_end(self._storage_clock)
            if self._write(replace(self._entry, until=until, marked=self.marked), self.checkpoint):
                return
        raise self._away()

    def take_mark_off(self) -> None:
        """Take the mark off, so that one that comes from now on is seen; errors as for `keep`."""
        self.marked = False
        self.save(self.checkpoint)

    def finish(self, checkpoint: Checkpoint, *, last: bool = False) -> bool:
        """Give the claim up, with nothing on the wire any more; return False if a mark asks for another look first.

        Args:
            checkpoint: How far the log blob is delivered; it may be closed.
            last: Whether there is no time for another look. The checkpoint is left open then, for the sweep.

        Raises:
            HeldElsewhere: Another worker holds the log blob now.
            StorageAway: The account can't be asked now.
        """
        self.checkpoint = checkpoint
        for _ in range(_TRIES):
            if self.marked and not last:
                return False
            if self.marked:
                self.checkpoint = replace(checkpoint, etag="", state=State.OPEN)
            if self._write(replace(self._entry, holder="", until=0.0, marked=False), self.checkpoint):
                self._is_over = True
                return True
        raise self._away()

    def abandon(self) -> None:
        """Give the claim up in trouble, with what is known; what can't be written ends by itself."""
        with contextlib.suppress(SluiceError):
            if not self._is_over:
                self.finish(replace(self.checkpoint, etag="", state=State.OPEN), last=True)

    @property
    def _left(self) -> float:
        # By storage's clock, and never more than a minute by our own, should storage have told a wrong time.
        now, own = self._storage_clock.latest, self._sent + CLAIM_SECONDS - self._clock.monotonic()
        return 0.0 if now is None else min(self._entry.until - now, own)

    def _write(self, entry: Entry, checkpoint: Checkpoint) -> bool:
        """Write a version, and return whether it stands; if not, the claim does, and it is to be made anew."""
        wanted, sent = replace(entry, checkpoint=checkpoint, moved=self._moved(checkpoint)), self._clock.monotonic()
        try:
            self._entry, self._sent = self._ledger.write(self._log, wanted, self._entry), sent
        except (Outdated, StorageAway):
            found = self._ledger.read(self._log)
            stands = found is not None and _says(found) == _says(wanted)
            if found is None or (not stands and found.holder != self._entry.holder):
                raise self._taken_over() from None
            self._entry, self.marked = found, self.marked or found.marked
            self._sent = sent if stands else self._sent
            return stands
        return True

    def _moved(self, checkpoint: Checkpoint) -> datetime:
        stood = self._entry
        return stood.moved if _place(stood.checkpoint) == _place(checkpoint) else self._clock.now()

    def _taken_over(self) -> HeldElsewhere:
        self._is_over = True
        return HeldElsewhere(f"Another worker has taken {self._log.name} over, so this one writes nothing.")

    def _away(self) -> StorageAway:
        return StorageAway(f"The checkpoint of {self._log.name} can't be written: storage refuses every version.")


def _says(entry: Entry) -> tuple[object, ...]:
    return entry.checkpoint, entry.holder, entry.until, entry.marked, entry.pointer


def _place(checkpoint: Checkpoint) -> tuple[int, int, tuple[int, ...]]:
    return checkpoint.generation, checkpoint.offset, checkpoint.batch


def claim_end(storage_clock: StorageClock) -> float:
    """Return when a claim ends that is written now.

    Raises:
        StorageAway: Storage has not told its time yet.
    """
    now = storage_clock.earliest
    if now is None:
        raise StorageAway(
            "The function's own storage account does not say what time it is. Look for a proxy that removes the header "
            "Date from its answers."
        )
    return now + CLAIM_SECONDS
