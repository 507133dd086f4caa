"""What an invocation does while it holds a log blob: pass after pass, until nobody has asked it to look again."""

from dataclasses import dataclass, replace
from functools import partial

from shared.delivery.byte_range import Fetch
from shared.delivery.claim import Claim
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.flights import PassSource
from shared.delivery.hours import is_settled
from shared.delivery.log_source import LogSource, check_gone, latest
from shared.delivery.readable import check_readable
from shared.delivery.reading import is_rewritten, survey
from shared.delivery.report import Outcome
from shared.delivery.transfer import Transfer
from shared.delivery.visit import Visit
from shared.errors import HeldElsewhere, Overtaken, Unsupported, Vanished
from shared.flowlog import LogBlob
from shared.storage.checkpoint import Checkpoint, Layout, State
from shared.storage.logs import Snapshot

OVERTAKEN_TIMES = 5


@dataclass(slots=True)
class Holding:
    """Delivers under a claim; create one for each claim, and run it once."""

    logs: LogSource
    claims: Claims
    claim: Claim
    collaborators: Collaborators
    visit: Visit
    overtaken: int = 0

    def run(self, snapshot: Snapshot | None) -> Outcome:
        """Deliver, and give the claim up, whatever happens; return how it ended.

        Args:
            snapshot: The log blob as it was listed before it was claimed; None if it must be listed again.

        Raises:
            SluiceError: What kept it from being delivered.
        """
        try:
            return self._deliver(snapshot)
        except HeldElsewhere:
            raise
        except Exception:
            self.claim.abandon()
            raise

    def _deliver(self, snapshot: Snapshot | None) -> Outcome:
        while True:
            if self.claim.marked:
                self.claim.take_mark_off()
                snapshot = None
            snapshot = snapshot or latest(self.logs, self.visit.log)
            if snapshot is None:
                if self._finish(replace(self.claim.checkpoint, etag="", state=State.CLOSED)):
                    raise gone(self.claim.checkpoint)
                continue
            outcome = self._pass(snapshot)
            if outcome is not None and self._finish(self.claim.checkpoint):
                self._note_lag(snapshot)
                return outcome
            snapshot = None

    def _finish(self, checkpoint: Checkpoint) -> bool:
        done = self.claim.finish(checkpoint, last=self.visit.deadline.passed)
        if done and self.claim.checkpoint.state is State.CLOSED:
            self.claims.remove_pointer(self.visit.log, self.claim.pointer)
        return done

    def _pass(self, snapshot: Snapshot) -> Outcome | None:
        """Deliver what is new in one commit; None if another one came meanwhile."""
        try:
            return self._transfer(snapshot)
        except (Overtaken, Vanished) as trouble:
            if isinstance(trouble, Vanished):
                check_gone(self.logs, self.visit.log)
            self.overtaken += 1
            if self.overtaken < OVERTAKEN_TIMES and not self.visit.deadline.passed:
                return None
            self.claim.checkpoint = replace(self.claim.checkpoint, etag="", state=State.OPEN)
            return Outcome.CONTINUES

    def _transfer(self, snapshot: Snapshot) -> Outcome:
        log, tally, deadline = self.visit.log, self.visit.tally, self.visit.deadline
        self.claim.keep()
        fetch = partial(self.logs.read, log, snapshot)
        if is_rewritten(self.claim.checkpoint, snapshot, fetch):
            self.claim.keep()
            self._check_rewritten(snapshot)
            tally.rewritten += 1
            self.claim.save(self.claim.checkpoint.rewritten(layout_of(log, snapshot, fetch)))
        settled = is_settled(log, self.collaborators.clock.now())
        source = PassSource(self.logs.name, log, snapshot, fetch, settled=settled)
        transfer = Transfer(self.collaborators, source, self.claim.checkpoint, self.claim, deadline, tally)
        try:
            transfer.run()
        finally:
            self.claim.checkpoint = transfer.checkpoint
        if not transfer.left:
            return Outcome.DELIVERED if tally.bytes else Outcome.NOTHING_NEW
        if deadline.passed:
            return Outcome.CONTINUES
        if not settled:
            return Outcome.INCOMPLETE
        raise Unsupported(
            f"The last {transfer.left} bytes are not a complete record although the hour is over, so this layout is "
            f"not supported. They count as backlog. Look at the blob, and replay its hour once it is complete."
        )

    def _check_rewritten(self, snapshot: Snapshot) -> None:
        # A rewritten blob is delivered again as a whole, so a second look must say the same.
        log = self.visit.log
        again = self.logs.snapshot(log)
        fetch = partial(self.logs.read, log, again)
        if again != snapshot or not is_rewritten(self.claim.checkpoint, again, fetch):
            raise Overtaken(f"{log.name} looked rewritten at first, and then it did not.")

    def _note_lag(self, snapshot: Snapshot) -> None:
        tally = self.visit.tally
        if tally.bytes:
            tally.lag_seconds = round((self.collaborators.clock.now() - snapshot.modified).total_seconds(), 1)


def layout_of(log: LogBlob, snapshot: Snapshot, fetch: Fetch) -> Layout:
    """Return how a log blob is to be read.

    Raises:
        Overtaken, Vanished, Unsupported, StorageAway: It was committed again, went, or can't be read.
    """
    layout = survey(snapshot, fetch)
    if layout is Layout.BYTES:
        check_readable(log.name, snapshot.size, fetch)
    return layout


def gone(checkpoint: Checkpoint) -> Vanished:
    """Return the error of a log blob that is gone before its checkpoint was closed."""
    return Vanished(
        f"The log blob is gone; whatever it held after byte {checkpoint.offset} was not delivered. "
        "Check the flow log's retention."
    )
