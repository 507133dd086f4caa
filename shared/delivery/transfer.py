"""One pass over what is new in a log blob: decode, post, and move the checkpoint over what the gateway accepted.

Several posts may be on the wire, but they are settled in order, so the checkpoint moves without a gap.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from shared.apigw.client import Receipt, Rejection
from shared.clock import Deadline
from shared.delivery.batch import CUT_VERSION, Origin, Part, following, parts_of
from shared.delivery.hours import is_over
from shared.delivery.means import Keeper, Means
from shared.delivery.patience import Patience
from shared.delivery.quarantine import Place
from shared.delivery.reading import Reading
from shared.delivery.report import Tally
from shared.delivery.segment import Fetch, Segment
from shared.errors import HeldElsewhere, Malformed, RetryLater, SluiceError, TooLarge
from shared.flowlog import Decoded, LogBlob, decode
from shared.storage.checkpoint import Checkpoint, Layout, State, Tail, digest_of
from shared.storage.logs import Snapshot

_SAVE_BYTES = 16 * 1024 * 1024
_SAVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Source:
    """What a pass reads: one snapshot of one log blob.

    Attributes:
        account: the storage account's name.
        log: the log blob.
        snapshot: the commit that is read.
        fetch: gives its bytes.
        again: an operator's word that makes a replay count anew.
        settled: whether nothing more will be committed, so that nothing is waited for.
    """

    account: str
    log: LogBlob
    snapshot: Snapshot
    fetch: Fetch
    again: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class _Unit:
    # A part on its way, or a segment without any; `decoded` rides on the last unit of its segment.
    segment: Segment
    place: Place
    part: Part | None
    decoded: Decoded | None
    posting: Future[Receipt] | None


class Transfer:
    """A pass; make one for each, and run it once."""

    def __init__(
        self, means: Means, source: Source, checkpoint: Checkpoint, keeper: Keeper, deadline: Deadline, tally: Tally
    ) -> None:
        self.checkpoint = replace(checkpoint, etag="", state=State.OPEN)
        self._means = means
        self._source = source
        self._keeper = keeper
        self._deadline = deadline
        self._tally = tally
        self._patience = Patience(means.clock, deadline)
        self._reading = Reading(checkpoint, source.snapshot, source.fetch, settled=source.settled)
        self._halved = frozenset(checkpoint.halved)
        self._window: deque[_Unit] = deque()
        self._reading_trouble: SluiceError | None = None
        self._saved = checkpoint
        self._saved_at = means.clock.monotonic()

    @property
    def left(self) -> int:
        """Bytes at the end of the blob that are neither delivered nor the envelope's closing."""
        return self._reading.left

    def run(self) -> None:
        """Deliver what is new; `checkpoint` then says how far that went.

        Whatever stops it, all that was accepted is saved first, unless another worker holds the blob now.

        Raises:
            Overtaken, Vanished, Unsupported: the log blob changed, went or can't be read.
            RetryLater, TokenRefused, UnexpectedAnswer: the gateway or a storage account failed.
            HeldElsewhere: another worker took the blob over.
        """
        with ThreadPoolExecutor(self._means.posts_in_flight) as pool:
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
        if self._reading_trouble is not None:
            raise self._reading_trouble

    def _pump(self, pool: ThreadPoolExecutor) -> None:
        units = self._units(pool)
        while True:
            while len(self._window) < self._means.posts_in_flight and (unit := self._next(units)) is not None:
                self._window.append(unit)
            if not self._window:
                return
            self._settle(self._window.popleft(), pool)
            if self._save_is_due():
                self._save()

    def _next(self, units: Iterator[_Unit]) -> _Unit | None:
        # What is on the wire is settled before trouble with reading is told.
        if self._deadline.passed or self._reading_trouble is not None:
            return None
        try:
            return next(units, None)
        except SluiceError as trouble:
            self._reading_trouble = trouble
            return None

    def _units(self, pool: ThreadPoolExecutor) -> Iterator[_Unit]:
        # What another version of Sluice decoded may have been other lines: their parts are posted anew, from the first,
        # as repetitions. Where they differ the gateway says so, and nothing is passed over.
        first = self.checkpoint.part if self.checkpoint.cut.version == CUT_VERSION else ()
        for read in self._reading:
            # What was decoded is let go of with its last part, long before the segment.
            segment = replace(read, decoded=None)
            decoded = read.decoded or decode(segment.data)
            place = Place(self._origin(segment), segment.block)
            parts = [part for part in self._parts(segment, decoded) if part.path >= first]
            first = ()
            for part in parts[:-1]:
                yield self._posted(_Unit(segment, place, part, None, None), pool)
            last = _Unit(segment, place, parts[-1] if parts else None, decoded, None)
            yield self._posted(last, pool)

    def _parts(self, segment: Segment, decoded: Decoded) -> Iterator[Part]:
        return parts_of(decoded.lines, self.checkpoint.cut, lambda path: (segment.start, path) in self._halved)

    def _origin(self, segment: Segment) -> Origin:
        return Origin(
            account=self._source.account,
            log=self._source.log,
            generation=self.checkpoint.generation,
            start=segment.start,
            end=segment.end,
            content=hashlib.sha256(segment.data).hexdigest(),
            cut=self.checkpoint.cut,
            again=self._source.again,
        )

    def _posted(self, unit: _Unit, pool: ThreadPoolExecutor) -> _Unit:
        if unit.part is None:
            return unit
        return replace(unit, posting=pool.submit(self._post, unit.place.origin, unit.part))

    def _post(self, origin: Origin, part: Part) -> Receipt:
        body, key = part.body(), origin.key(part.path)
        doubtful = False

        def attempt() -> Receipt:
            # A loop, since a function that calls itself from within keeps its body until the next collection of cycles.
            nonlocal doubtful
            while True:
                self._keeper.check()
                try:
                    return self._means.gateway.post_flow_logs(body, len(part.lines), key, origin.blob)
                except RetryLater:
                    doubtful = True
                    raise
                except (TooLarge, Malformed):
                    # After an attempt that may have been stored, halves might come beside the whole: a refusal is
                    # believed only when the gateway repeats it, since of what it has it gives the first answer.
                    if not doubtful:
                        raise
                    doubtful = False

        return self._patience.insist(attempt)

    def _settle(self, unit: _Unit, pool: ThreadPoolExecutor) -> None:
        if unit.posting is not None and unit.part is not None:
            try:
                receipt = unit.posting.result()
            except (TooLarge, Malformed) as refusal:
                if isinstance(refusal, Malformed) or len(unit.part.lines) == 1:
                    self._means.refusals.refused(unit.part, unit.place.origin.blob)
                if len(unit.part.lines) > 1:
                    self._halve(unit, unit.part, pool)
                    return
                self._quarantine_refused(unit, unit.part, [Rejection(0, str(refusal))])
            else:
                self._count(receipt)
                self._quarantine_refused(unit, unit.part, receipt.rejected)
            self.checkpoint = self._at(unit, following(unit.part.path))
        if unit.decoded is not None:
            self._finish_segment(unit, unit.decoded)

    def _halve(self, unit: _Unit, part: Part, pool: ThreadPoolExecutor) -> None:
        # That it is halved is saved before a half is posted: should the gateway take more tomorrow, the whole must not
        # be posted beside an accepted half.
        left, right = part.halves()
        halved = (*self.checkpoint.halved, (unit.segment.start, part.path))
        self.checkpoint = replace(self._at(unit, left.path), halved=halved)
        self._tally.halved += 1
        self._save()
        first = self._posted(replace(unit, part=left, decoded=None), pool)
        self._window.extendleft((self._posted(replace(unit, part=right), pool), first))

    def _count(self, receipt: Receipt) -> None:
        if receipt.accepted:
            self._means.refusals.accepted()
        self._tally.posts += 1
        self._tally.duplicates += receipt.duplicate
        self._tally.duplicate_records += receipt.accepted if receipt.duplicate else 0
        self._tally.records += receipt.accepted

    def _quarantine_refused(self, unit: _Unit, part: Part, rejected: Sequence[Rejection]) -> None:
        if rejected:
            self._quarantine(unit.place.origin.key(part.path), unit.place.of_gateway(part, rejected))
            self._tally.lines_refused += len(rejected)

    def _quarantine(self, key: str, lines: Sequence[bytes]) -> None:
        self._keeper.check()
        self._means.quarantine.put(self._source.log, key, lines)

    def _finish_segment(self, unit: _Unit, decoded: Decoded) -> None:
        segment = unit.segment
        if decoded.set_aside:
            self._quarantine(unit.place.origin.key(), unit.place.of_decoder(decoded.set_aside))
        self.checkpoint = self._after(segment)
        self._tally.bytes += segment.end - segment.start
        self._tally.tuples += decoded.tuples
        self._tally.tuples_aside += decoded.tuples_set_aside
        self._tally.records_aside += decoded.records_set_aside
        self._tally.ranges_aside += decoded.ranges_set_aside

    def _after(self, segment: Segment) -> Checkpoint:
        self._tally.blocks += max(0, segment.blocks - self.checkpoint.blocks)
        return replace(
            self.checkpoint,
            offset=segment.end,
            part=(),
            begun="",
            blocks=segment.blocks,
            tail=None if segment.covered else Tail.of(segment.data),
            loose=self.checkpoint.loose or (not segment.covered and self.checkpoint.layout is Layout.BLOCKS),
        )

    def _at(self, unit: _Unit, path: tuple[int, ...]) -> Checkpoint:
        return replace(self.checkpoint, part=path, begun=unit.place.origin.content)

    def _complete(self) -> Checkpoint:
        over = is_over(self._source.log, self._means.clock.now())
        return replace(self.checkpoint, etag=self._source.snapshot.etag, state=State.CLOSED if over else State.OPEN)

    def _save_is_due(self) -> bool:
        return (
            self.checkpoint.offset - self._saved.offset >= _SAVE_BYTES
            or self._means.clock.monotonic() - self._saved_at >= _SAVE_SECONDS
        )

    def _save(self) -> None:
        digest = digest_of(self._source.snapshot.blocks[: self.checkpoint.blocks])
        self.checkpoint = replace(self.checkpoint, digest=digest)
        if self.checkpoint != self._saved:
            self._keeper.save(self.checkpoint)
            self._saved = self.checkpoint
        self._saved_at = self._means.clock.monotonic()
