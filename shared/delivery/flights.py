"""What a pass posts: the batches of one range after the other, ready to go out."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat

from shared.delivery.batch import CUT_VERSION, Batch, Origin, Packed, batches_of
from shared.delivery.byte_range import ByteRange, Fetch
from shared.delivery.quarantine import Position
from shared.delivery.reading import Reading
from shared.flowlog import Decoded, LogBlob, decode
from shared.storage.checkpoint import Checkpoint
from shared.storage.logs import Snapshot


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
class Flight:
    """A batch to post, or a range without any.

    Attributes:
        byte_range: The range that the batch is of, without its bytes where nothing more needs them.
        position: Where the range comes from.
        batch: The batch; None for a range without one.
        tuples: The range's tuples, with its last batch.
        completes: What was set aside in the range, with its last batch: the range is finished once that is settled.
    """

    byte_range: ByteRange
    position: Position
    batch: Packed | None
    tuples: int = 0
    completes: Decoded | None = None


class Flights:
    """What comes after a checkpoint, batch by batch; iterate over it once."""

    def __init__(self, source: PassSource, checkpoint: Checkpoint, reading: Reading) -> None:
        self._source = source
        self._checkpoint = checkpoint
        self._reading = reading
        self._halved = frozenset(checkpoint.halved)

    def __iter__(self) -> Iterator[Flight]:
        """Decode as far as is asked for.

        Raises:
            Overtaken, Vanished, Unsupported, RetryLater: The log blob changed, went or can't be read.
        """
        # What another version of Sluice decoded may have been other lines: their batches are posted again, from the
        # first, as repetitions. Where they differ the gateway says so, and nothing is passed over.
        first = self._checkpoint.batch if self._checkpoint.cut.version == CUT_VERSION else ()
        return chain.from_iterable(map(self._of_range, self._reading, chain((first,), repeat(()))))

    def _of_range(self, read: ByteRange, first: tuple[int, ...]) -> list[Flight]:
        # Compressed here and not by the threads that post, each of which would wait for this one at every step. The
        # decoded lines are released at once, long before the range.
        decoded = read.decoded or decode(read.data)
        position = Position(self._origin(read), read.block)
        byte_range = replace(read, decoded=None, data=b"" if read.covered else read.data)
        batches = [batch.packed() for batch in self._batches(read, decoded) if batch.path >= first]
        return [
            *(Flight(byte_range, position, batch) for batch in batches[:-1]),
            Flight(byte_range, position, batches[-1] if batches else None, decoded.tuples, replace(decoded, lines=[])),
        ]

    def _batches(self, byte_range: ByteRange, decoded: Decoded) -> Iterator[Batch]:
        return batches_of(decoded.lines, self._checkpoint.cut, lambda path: (byte_range.start, path) in self._halved)

    def _origin(self, byte_range: ByteRange) -> Origin:
        return Origin(
            account=self._source.account,
            log=self._source.log,
            generation=self._checkpoint.generation,
            start=byte_range.start,
            end=byte_range.end,
            content=hashlib.sha256(byte_range.data).hexdigest(),
            cut=self._checkpoint.cut,
            again=self._source.again,
        )
