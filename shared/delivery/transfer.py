"""One pass over what is new in a log blob: decode, post, and move the checkpoint past what the gateway accepted.

Several posts may be in flight, but they are settled in order, so the checkpoint moves without gaps.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from shared.apigw.client import Receipt, Rejection
from shared.clock import Deadline
from shared.delivery.batch import CUT_VERSION, Batch, Origin, batches_of, following
from shared.delivery.byte_range import ByteRange, Fetch
from shared.delivery.collaborators import CheckpointWriter, Collaborators
from shared.delivery.hours import is_over
from shared.delivery.patience import Patience
from shared.delivery.quarantine import Position
from shared.delivery.reading import Reading
from shared.delivery.report import Tally
from shared.errors import HeldElsewhere, Malformed, RetryLater, SluiceError, TooLarge
from shared.flowlog import Decoded, LogBlob, decode
from shared.storage.checkpoint import Checkpoint, Layout, State, Tail, digest_of
from shared.storage.logs import Snapshot

_SAVE_BYTES = 16 * 1024 * 1024
_SAVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class PassSource:
    """What a pass reads: one snapshot of one log blob.

    Attributes:
        account: The storage account's name.
        log: The log blob.
        snapshot: The commit that is read.
        fetch: Gives its bytes.
        again: An operator's ID that makes a replay's records count again.
        settled: Whether nothing more will be committed, so there is nothing to wait for.
    """

    account: str
    log: LogBlob
    snapshot: Snapshot
    fetch: Fetch
    again: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class _InFlight:
    # A batch on its way, or a range without any. The last batch of a range has in `completes` what the range held, so
    # that the range is finished once that batch is settled.
    byte_range: ByteRange
    position: Position
    batch: Batch | None
    completes: Decoded | None
    posting: Future[Receipt] | None = None


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
        self._patience = Patience(collaborators.clock, deadline)
        self._reading = Reading(checkpoint, source.snapshot, source.fetch, settled=source.settled)
        self._halved = frozenset(checkpoint.halved)
        self._window: deque[_InFlight] = deque()
        self._reading_error: SluiceError | None = None
        self._saved = checkpoint
        self._saved_at = collaborators.clock.monotonic()

    @property
    def left(self) -> int:
        """Bytes at the end of the blob that are neither delivered nor the envelope's closing."""
        return self._reading.left

    def run(self) -> None:
        """Deliver what is new; `checkpoint` then says how far that went.

        Whatever stops it, all that was accepted is saved first, unless another worker holds the blob now.

        Raises:
            Overtaken, Vanished, Unsupported: The log blob changed, went or can't be read.
            RetryLater, TokenRefused, UnexpectedAnswer: The gateway or a storage account failed.
            HeldElsewhere: Another worker took the blob over.
        """
        with ThreadPoolExecutor(self._collaborators.posts_in_flight) as pool:
            try:
                self._pump(pool)
            except HeldElsewhere:
                raise
            except SluiceError:
                self._save()
                raise
            finally:
                self._patience.halted.set()
                self._tally.retries += self._patience.retries
        if self.left == 0:
            self.checkpoint = self._complete()
        self._save()
        if self._reading_error is not None:
            raise self._reading_error

    def _pump(self, pool: ThreadPoolExecutor) -> None:
        flights = self._flights(pool)
        while True:
            while (
                len(self._window) < self._collaborators.posts_in_flight and (flight := self._next(flights)) is not None
            ):
                self._window.append(flight)
            if not self._window:
                return
            self._settle(self._window.popleft(), pool)
            if self._save_is_due():
                self._save()

    def _next(self, flights: Iterator[_InFlight]) -> _InFlight | None:
        # What is on the wire is settled before an error in reading is raised.
        if self._deadline.passed or self._reading_error is not None:
            return None
        try:
            return next(flights, None)
        except SluiceError as trouble:
            self._reading_error = trouble
            return None

    def _flights(self, pool: ThreadPoolExecutor) -> Iterator[_InFlight]:
        # What another version of Sluice decoded may have been other lines: their batches are posted again, from the
        # first, as repetitions. Where they differ the gateway says so, and nothing is passed over.
        first = self.checkpoint.batch if self.checkpoint.cut.version == CUT_VERSION else ()
        for read in self._reading:
            # The decoded lines are released with the last batch, long before the range.
            byte_range = replace(read, decoded=None)
            decoded = read.decoded or decode(byte_range.data)
            position = Position(self._origin(byte_range), byte_range.block)
            batches = [batch for batch in self._batches(byte_range, decoded) if batch.path >= first]
            first = ()
            for batch in batches[:-1]:
                yield self._posted(_InFlight(byte_range, position, batch, None), pool)
            last = _InFlight(byte_range, position, batches[-1] if batches else None, decoded)
            yield self._posted(last, pool)

    def _batches(self, byte_range: ByteRange, decoded: Decoded) -> Iterator[Batch]:
        return batches_of(decoded.lines, self.checkpoint.cut, lambda path: (byte_range.start, path) in self._halved)

    def _origin(self, byte_range: ByteRange) -> Origin:
        return Origin(
            account=self._source.account,
            log=self._source.log,
            generation=self.checkpoint.generation,
            start=byte_range.start,
            end=byte_range.end,
            content=hashlib.sha256(byte_range.data).hexdigest(),
            cut=self.checkpoint.cut,
            again=self._source.again,
        )

    def _posted(self, flight: _InFlight, pool: ThreadPoolExecutor) -> _InFlight:
        if flight.batch is None:
            return flight
        return replace(flight, posting=pool.submit(self._post, flight.position.origin, flight.batch))

    def _post(self, origin: Origin, batch: Batch) -> Receipt:
        body, key = batch.body(), origin.key(batch.path)
        doubtful = False

        def attempt() -> Receipt:
            # A loop, since a function that calls itself from within keeps its body until the next collection of cycles.
            nonlocal doubtful
            while True:
                self._writer.check()
                try:
                    return self._collaborators.gateway.post_flow_logs(body, len(batch.lines), key, origin.blob)
                except RetryLater:
                    doubtful = True
                    raise
                except (TooLarge, Malformed):
                    # After an attempt that may have been stored, halves might be stored in addition: a refusal is
                    # believed only when the gateway repeats it, since for a stored post it repeats its first answer.
                    if not doubtful:
                        raise
                    doubtful = False

        return self._patience.insist(attempt)

    def _settle(self, flight: _InFlight, pool: ThreadPoolExecutor) -> None:
        if flight.posting is not None and flight.batch is not None:
            try:
                receipt = flight.posting.result()
            except (TooLarge, Malformed) as refusal:
                if isinstance(refusal, Malformed) or len(flight.batch.lines) == 1:
                    self._collaborators.refusals.refused(flight.batch, flight.position.origin.blob)
                if len(flight.batch.lines) > 1:
                    self._halve(flight, flight.batch, pool)
                    return
                self._quarantine_refused(flight, flight.batch, [Rejection(0, str(refusal))])
            else:
                self._count(receipt)
                self._quarantine_refused(flight, flight.batch, receipt.rejected)
            self.checkpoint = self._at(flight, following(flight.batch.path))
        if flight.completes is not None:
            self._finish_range(flight, flight.completes)

    def _halve(self, flight: _InFlight, batch: Batch, pool: ThreadPoolExecutor) -> None:
        # The halving is saved before a half is posted: if the gateway accepts more tomorrow, the complete batch must
        # not be posted in addition to an accepted half.
        left, right = batch.halves()
        halved = (*self.checkpoint.halved, (flight.byte_range.start, batch.path))
        self.checkpoint = replace(self._at(flight, left.path), halved=halved)
        self._tally.halved += 1
        self._save()
        first = self._posted(replace(flight, batch=left, completes=None), pool)
        self._window.extendleft((self._posted(replace(flight, batch=right), pool), first))

    def _count(self, receipt: Receipt) -> None:
        if receipt.accepted:
            self._collaborators.refusals.accepted()
        self._tally.posts += 1
        self._tally.duplicates += receipt.duplicate
        self._tally.duplicate_records += receipt.accepted if receipt.duplicate else 0
        self._tally.records += receipt.accepted

    def _quarantine_refused(self, flight: _InFlight, batch: Batch, rejected: Sequence[Rejection]) -> None:
        if rejected:
            self._quarantine(flight.position.origin.key(batch.path), flight.position.of_gateway(batch, rejected))
            self._tally.lines_refused += len(rejected)

    def _quarantine(self, key: str, lines: Sequence[bytes]) -> None:
        self._writer.check()
        self._collaborators.quarantine.put(self._source.log, key, lines)

    def _finish_range(self, flight: _InFlight, decoded: Decoded) -> None:
        byte_range = flight.byte_range
        if decoded.set_aside:
            self._quarantine(flight.position.origin.key(), flight.position.of_decoder(decoded.set_aside))
        self.checkpoint = self._after(byte_range)
        self._tally.bytes += byte_range.end - byte_range.start
        self._tally.tuples += decoded.tuples
        self._tally.tuples_aside += decoded.tuples_set_aside
        self._tally.records_aside += decoded.records_set_aside
        self._tally.ranges_aside += decoded.ranges_set_aside

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

    def _at(self, flight: _InFlight, path: tuple[int, ...]) -> Checkpoint:
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
        digest = digest_of(self._source.snapshot.blocks[: self.checkpoint.blocks])
        self.checkpoint = replace(self.checkpoint, digest=digest)
        if self.checkpoint != self._saved:
            self._writer.save(self.checkpoint)
            self._saved = self.checkpoint
        self._saved_at = self._collaborators.clock.monotonic()
