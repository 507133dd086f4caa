"""One pass over what is new in a log blob: decode, post, and move the checkpoint past what the gateway accepted.

Several posts may be in flight, but they are settled in order, so the checkpoint moves without gaps.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shared.apigw.client import Receipt, Rejection
from shared.clock import Deadline
from shared.delivery.ahead import Ahead, attend
from shared.delivery.batch import Batch, following
from shared.delivery.byte_range import ByteRange
from shared.delivery.collaborators import CheckpointWriter, Collaborators
from shared.delivery.flights import Flight, Flights, PassSource
from shared.delivery.hours import is_over
from shared.delivery.reading import Reading
from shared.delivery.report import Tally
from shared.delivery.wire import Posted, Wire
from shared.errors import Malformed, SluiceError, TooLarge
from shared.flowlog import Decoded
from shared.storage.checkpoint import Checkpoint, Layout, State, Tail, digest_of

_SAVE_BYTES = 16 * 1024 * 1024
_SAVE_SECONDS = 15.0


class Transfer:
    """A pass; create one for each, and run it once."""

    def __init__(
        self,
        collaborators: Collaborators,
        source: PassSource,
        checkpoint: Checkpoint,
        writer: CheckpointWriter,
        deadline: Deadline,
        tally: Tally,
    ) -> None:
        self.checkpoint = replace(checkpoint, etag="", state=State.OPEN)
        self._collaborators = collaborators
        self._source = source
        self._writer = writer
        self._deadline = deadline
        self._tally = tally
        self._fetching = ThreadPoolExecutor(1)
        self._wire = Wire(collaborators, writer, deadline)
        self._reading = Reading(
            checkpoint, source.snapshot, source.fetch, settled=source.settled, ahead=Ahead(self._fetching, writer.keep)
        )
        self._flights = iter(Flights(source, self.checkpoint, self._reading))
        self._ready: deque[Flight] = deque()
        self._window: deque[Posted] = deque()
        self._reading_error: SluiceError | None = None
        self._saved = checkpoint
        self._saved_at = collaborators.clock.monotonic()

    @property
    def left(self) -> int:
        """Bytes at the end of the blob that are neither delivered nor the envelope's closing."""
        return self._reading.left

    def run(self) -> None:
        """Deliver what is new; `checkpoint` then says how far that went, whatever stopped it.

        Raises:
            Overtaken, Vanished, Unsupported: The log blob changed, went or can't be read.
            RetryLater, TokenRefused, UnexpectedAnswer: The gateway or a storage account failed.
            HeldElsewhere: Another worker took the blob over.
        """
        try:
            with self._fetching, self._wire:
                try:
                    self._pump()
                finally:
                    self._tally.retries += self._wire.halt()
            if self._reading_error is not None:
                raise self._reading_error
            if self.left == 0:
                self.checkpoint = self._complete()
        finally:
            self.checkpoint = self._digested()

    def _pump(self) -> None:
        most = self._collaborators.posts_in_flight
        while self._ready or self._window or self._decode():
            while len(self._window) < most and (self._ready or self._decode()):
                self._post()
            # Decoding goes on until the oldest post is answered, so that others are ready to go out at that moment.
            while len(self._ready) < most and not self._window[0].is_answered and self._decode():
                pass
            posted = self._window.popleft()
            if posted.answer is not None:
                attend(posted.answer, self._writer.keep)
            self._writer.keep()
            self._settle(posted)
            if self._save_is_due():
                self._save()

    def _post(self) -> None:
        flight, nothing_on_the_wire = self._ready.popleft(), all(posted.is_answered for posted in self._window)
        alone = nothing_on_the_wire and not self._ready and not self._decode()
        self._window.append(self._wire.post(flight, here=alone))

    def _decode(self) -> bool:
        """Make one more batch ready; return whether there is one."""
        # What is on the wire is settled before an error in reading is raised.
        if self._deadline.passed or self._reading_error is not None:
            return False
        try:
            self._writer.keep()
            flight = next(self._flights, None)
        except SluiceError as trouble:
            self._reading_error = trouble
            return False
        if flight is not None:
            self._ready.append(flight)
        return flight is not None

    def _settle(self, posted: Posted) -> None:
        flight = posted.flight
        if posted.answer is not None and flight.batch is not None:
            try:
                receipt = posted.answer.result()
            except (TooLarge, Malformed) as refusal:
                batch = flight.batch.unpacked()
                if isinstance(refusal, Malformed) or len(batch.lines) == 1:
                    self._collaborators.refusals.refused(batch, flight.position.origin.blob)
                if len(batch.lines) > 1:
                    self._halve(flight, batch)
                    return
                self._quarantine_refused(flight, batch, [Rejection(0, str(refusal))])
            else:
                self._count(receipt)
                if receipt.rejected:
                    self._quarantine_refused(flight, flight.batch.unpacked(), receipt.rejected)
            self.checkpoint = self._at(flight, following(flight.batch.path))
        if flight.completes is not None:
            self._finish_range(flight, flight.completes)

    def _halve(self, flight: Flight, batch: Batch) -> None:
        # The halving is saved before a half is posted: if the gateway accepts more tomorrow, the complete batch must
        # not be posted in addition to an accepted half.
        left, right = batch.halves()
        halved = (*self.checkpoint.halved, (flight.byte_range.start, batch.path))
        self.checkpoint = replace(self._at(flight, left.path), halved=halved)
        self._tally.halved += 1
        self._save()
        first = self._wire.post(replace(flight, batch=left.packed(), completes=None))
        self._window.extendleft((self._wire.post(replace(flight, batch=right.packed())), first))

    def _count(self, receipt: Receipt) -> None:
        if receipt.accepted:
            self._collaborators.refusals.accepted()
        self._tally.posts += 1
        self._tally.duplicates += receipt.duplicate
        self._tally.duplicate_records += receipt.accepted if receipt.duplicate else 0
        self._tally.records += receipt.accepted

    def _quarantine_refused(self, flight: Flight, batch: Batch, rejected: Sequence[Rejection]) -> None:
        self._quarantine(flight.position.origin.key(batch.path), flight.position.of_gateway(batch, rejected))
        self._tally.lines_refused += len(rejected)

    def _quarantine(self, key: str, lines: Sequence[bytes]) -> None:
        self._writer.keep()
        self._collaborators.quarantine.put(self._source.log, key, lines)

    def _finish_range(self, flight: Flight, aside: Decoded) -> None:
        byte_range = flight.byte_range
        if aside.set_aside:
            self._quarantine(flight.position.origin.key(), flight.position.of_decoder(aside.set_aside))
        self.checkpoint = self._after(byte_range)
        self._tally.bytes += byte_range.end - byte_range.start
        self._tally.tuples += flight.tuples
        self._tally.tuples_aside += aside.tuples_set_aside
        self._tally.records_aside += aside.records_set_aside
        self._tally.ranges_aside += aside.ranges_set_aside

    def _after(self, byte_range: ByteRange) -> Checkpoint:
        self._tally.blocks += max(0, byte_range.blocks - self.checkpoint.blocks)
        return replace(
            self.checkpoint,
            offset=byte_range.end,
            batch=(),
            begun="",
            blocks=byte_range.blocks,
            tail=None if byte_range.covered else Tail.of(byte_range.data),
            loose=self.checkpoint.loose or (not byte_range.covered and self.checkpoint.layout is Layout.BLOCKS),
        )

    def _at(self, flight: Flight, path: tuple[int, ...]) -> Checkpoint:
        return replace(self.checkpoint, batch=path, begun=flight.position.origin.content)

    def _complete(self) -> Checkpoint:
        over = is_over(self._source.log, self._collaborators.clock.now())
        return replace(self.checkpoint, etag=self._source.snapshot.etag, state=State.CLOSED if over else State.OPEN)

    def _save_is_due(self) -> bool:
        return (
            self.checkpoint.offset - self._saved.offset >= _SAVE_BYTES
            or self._collaborators.clock.monotonic() - self._saved_at >= _SAVE_SECONDS
        )

    def _save(self) -> None:
        self.checkpoint = self._digested()
        self._writer.save(self.checkpoint)
        self._saved = self.checkpoint
        self._saved_at = self._collaborators.clock.monotonic()

    def _digested(self) -> Checkpoint:
        return replace(self.checkpoint, digest=digest_of(self._source.snapshot.blocks[: self.checkpoint.blocks]))
