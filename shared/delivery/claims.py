"""Claims: one invocation at a time works on a log blob, and those that come meanwhile make it look again.

`docs/claims.md` has the protocol, and what each of its rules prevents; `dev/claims` is a model of it.
"""

import contextlib
import uuid
from dataclasses import replace
from typing import Protocol

from shared.clock import Clock
from shared.delivery.claim import MARGIN_SECONDS, Claim, claim_end
from shared.delivery.claim_watch import ClaimWatch
from shared.delivery.ledger import Entries, Ledger
from shared.errors import Outdated, RetryLater, StorageAway
from shared.flowlog import LogBlob
from shared.storage.checkpoint import Checkpoint, State
from shared.storage.entry import Entry
from shared.storage.storage_clock import StorageClock


class PointerStore(Protocol):
    """Pointers; see `shared.storage.pointers` for errors."""

    def write(self, log: LogBlob) -> str: ...

    def remove(self, log: LogBlob, etag: str) -> None: ...


class ChangedError(Exception):
    """A write was refused, or nothing is known about it.

    Attributes:
        entry: What is stored now; None if nothing is.
    """

    def __init__(self, entry: Entry | None) -> None:
        super().__init__()
        self.entry = entry


class Claims:
    """What is known of log blobs, and claims on them; safe to share between threads."""

    def __init__(self, entries: Entries, pointers: PointerStore, storage_clock: StorageClock, clock: Clock) -> None:
        self._ledger = Ledger(entries)
        self._pointers = pointers
        self._storage_clock = storage_clock
        self._clock = clock
        self._watch = ClaimWatch(clock)

    def known(self, log: LogBlob) -> Entry | None:
        """Return what this process knows of a log blob; None if nothing is stored. Ask before its blocks are listed.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
            Unreadable: It is of a newer format, or damaged.
        """
        return self._ledger.known(log)

    def read(self, log: LogBlob) -> Entry | None:
        """Return what is stored of a log blob; None if nothing is; errors as for `known`."""
        return self._ledger.read(log)

    def is_held(self, entry: Entry) -> bool:
        """Return whether another invocation may still be working on a log blob.

        Whatever a claim says of its end, by a clock that was wrong or by hand: one that this process has seen unchanged
        for as long as claims last has ended.
        """
        if not entry.holder:
            return False
        now = self._storage_clock.earliest
        return (now is None or now < entry.until + MARGIN_SECONDS) and not self._watch.has_stood_still(entry)

    def mark(self, log: LogBlob, known: Entry) -> None:
        """Ask whoever holds a log blob to look again; also where another has asked already.

        Raises:
            ChangedError: Nothing was marked, as far as is known.
            StorageAway, Unreadable: As for `known`.
        """
        try:
            self._ledger.mark(log, known)
        except (Outdated, StorageAway):
            raise ChangedError(self._ledger.read(log)) from None

    def close(self, log: LogBlob, known: Entry) -> None:
        """Close the checkpoint of a log blob that nobody holds and of which nothing is left; errors as for `mark`."""
        closed = replace(known, checkpoint=replace(known.checkpoint, state=State.CLOSED), marked=False)
        try:
            self._ledger.write(log, closed, known)
        except (Outdated, StorageAway):
            raise ChangedError(self._ledger.read(log)) from None
        self.remove_pointer(log, known.pointer)

    def claim(self, log: LogBlob, stands: Entry | Checkpoint) -> tuple[Claim, bool]:
        """Claim a log blob; return the claim, and whether a list of the blocks from before it is good.

        Args:
            log: The log blob.
            stands: What is stored, as it was known before the blocks were listed; or the checkpoint to begin with, if
                nothing was.

        Raises:
            ChangedError: It is not claimed, as far as is known.
            StorageAway, Unreadable: As for `known`.
        """
        # Written before the claim, so that no kill in between leaves an open checkpoint without one; and each time
        # anew, so that nobody who closed the checkpoint meanwhile removes it.
        known, holder, sent = stands if isinstance(stands, Entry) else None, uuid.uuid4().hex, self._clock.monotonic()
        try:
            pointer = self._pointers.write(log) if known is None or known.is_closed else known.pointer
            sent = self._clock.monotonic()
            entry = stands if isinstance(stands, Entry) else Entry(stands, self._clock.now())
            claimed = self._claimed(entry, holder, pointer)
            return self._claim(log, self._ledger.write(log, claimed, known), sent), True
        except (Outdated, StorageAway):
            found = self._ledger.read(log)
            if found is None or found.holder != holder:
                raise ChangedError(found) from None
            return self._claim(log, found, sent), False  # it was ours, and its answer was lost

    def remove_pointer(self, log: LogBlob, etag: str) -> None:
        """Remove the pointer of a closed checkpoint, if it is this version; what stays, a sweep removes."""
        with contextlib.suppress(Outdated, RetryLater):
            self._pointers.remove(log, etag)

    def _claimed(self, entry: Entry, holder: str, pointer: str) -> Entry:
        checkpoint, until = replace(entry.checkpoint, state=State.OPEN), claim_end(self._storage_clock)
        return replace(entry, checkpoint=checkpoint, holder=holder, until=until, marked=False, pointer=pointer)

    def _claim(self, log: LogBlob, entry: Entry, sent: float) -> Claim:
        return Claim(log, entry, sent, self._ledger, self._storage_clock, self._clock)
