"""What is new in a log blob, as byte ranges that are cut between records, and decoded and posted separately.

Where a range begins and ends depends on the blob's content alone, never on when it was read or how far it had grown,
so that a repetition cuts the same batches. About a megabyte is fetched at a time, so memory stays small whatever
the backlog.
"""

import hashlib
from collections.abc import Iterator

from shared.delivery.ahead import Ahead, fetched_ahead
from shared.delivery.blocks import BlockRanges
from shared.delivery.byte_range import ByteRange, Fetch, Limits
from shared.errors import Unsupported
from shared.flowlog import RecordScanner, Span, is_closer, is_head, is_record
from shared.storage.checkpoint import Checkpoint, Layout, Tail, digest_of
from shared.storage.logs import Snapshot

FETCH_BYTES = 1024 * 1024
LONGEST_RECORD = 16 * FETCH_BYTES
_LONGEST_FRAMING = 4096
_JOINS_FROM = 2
"""The first cut rule that joins a record that the end of a block cuts in two."""


def survey(snapshot: Snapshot, fetch: Fetch) -> Layout:
    """Decide how a blob is to be read, from its first and last blocks.

    Network Watcher puts the envelope's opening and its closing into blocks of their own ("flow-logs-read"). If
    something else comes first, the blocks were written by a copying tool and may cut through records. If records share
    a block with the closing, the next commit replaces that block, so the range is not permanent.
    """
    if not snapshot.blocks:
        return Layout.BYTES
    first, last = snapshot.blocks[0].size, snapshot.blocks[-1].size
    if max(first, last) > _LONGEST_FRAMING or not is_head(fetch(0, first)):
        return Layout.BYTES
    if len(snapshot.blocks) > 1 and not is_closer(fetch(snapshot.size - last, snapshot.size)):
        return Layout.BYTES
    return Layout.BLOCKS


def is_rewritten(checkpoint: Checkpoint, snapshot: Snapshot, fetch: Fetch) -> bool:
    """Return whether what was delivered is no longer how the blob begins."""
    if checkpoint.offset > snapshot.size or checkpoint.blocks > len(snapshot.blocks):
        return True
    if checkpoint.layout is Layout.BLOCKS and snapshot.size and not snapshot.blocks:
        return True  # a blob written in one piece over blocks, of which nothing may have been delivered yet
    if digest_of(snapshot.blocks[: checkpoint.blocks]) != checkpoint.digest:
        return True
    if checkpoint.batch and _begun(checkpoint, snapshot, fetch) != checkpoint.begun:
        return True
    if checkpoint.tail is None:
        return False
    return Tail.of(fetch(checkpoint.offset - checkpoint.tail.length, checkpoint.offset)) != checkpoint.tail


def _begun(checkpoint: Checkpoint, snapshot: Snapshot, fetch: Fetch) -> str | None:
    begun = next(iter(Reading(checkpoint, snapshot, fetch)), None)
    return None if begun is None else hashlib.sha256(begun.data).hexdigest()


class Reading:
    """What comes after a checkpoint: iterate over it once, then read `left`.

    Attributes:
        left: Bytes at the end that are neither a complete record nor the envelope's closing; known once iterated over.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        snapshot: Snapshot,
        fetch: Fetch,
        *,
        settled: bool = False,
        ahead: Ahead | None = None,
    ) -> None:
        """Begin at a checkpoint.

        Args:
            checkpoint: Where to begin.
            snapshot: The commit that is read.
            fetch: Gives its bytes.
            settled: Whether nothing more will be committed, so that nothing waits.
            ahead: Fetches the next bytes while the ranges of those before them are worked on.
        """
        self._checkpoint = checkpoint
        self._snapshot = snapshot
        self._fetch = fetch
        self._settled = settled
        self._ahead = ahead
        self.left = snapshot.size - checkpoint.offset

    def __iter__(self) -> Iterator[ByteRange]:
        """Yield the ranges in order; the envelope's closing is in none of them.

        Raises:
            Unsupported: No record ends within 16 MiB in a blob that is read by bytes.
        """
        if self._checkpoint.layout is Layout.BYTES:
            yield from self._by_bytes()
        else:
            yield from self._by_blocks()

    def _by_blocks(self) -> Iterator[ByteRange]:
        limits = Limits(FETCH_BYTES, LONGEST_RECORD)
        ranges = BlockRanges(self._fetch, limits, joins=self._checkpoint.cut.version >= _JOINS_FROM, ahead=self._ahead)
        yield from ranges.after(self._checkpoint.offset, self._snapshot.blocks)
        torn = ranges.torn
        if torn is not None and self._settled:
            yield torn
        self.left = 0 if torn is None or self._settled else len(torn.data)

    def _by_bytes(self) -> Iterator[ByteRange]:
        scanner = RecordScanner(self._checkpoint.offset)
        held, begin = b"", self._checkpoint.offset
        starts = range(begin, self._snapshot.size, FETCH_BYTES)
        for _, chunk in fetched_ahead(self._chunk, starts, self._ahead):
            held += chunk
            base = begin
            for span in scanner.feed(chunk):
                if self._may_grow(span, held[span.start - base :]):
                    self.left = self._snapshot.size - begin
                    return
                yield ByteRange(begin, span.end, held[begin - base : span.end - base])
                begin = span.end
            held = held[begin - base :]
            if len(held) > LONGEST_RECORD:
                raise Unsupported(f"No record ends within {LONGEST_RECORD} bytes from byte {begin} on.")
        self.left = self._snapshot.size - scanner.rest_start

    def _chunk(self, start: int) -> bytes:
        return self._fetch(start, min(start + FETCH_BYTES, self._snapshot.size))

    def _may_grow(self, span: Span, data: bytes) -> bool:
        # An object up to the very end that is not a record may be an envelope whose opening is damaged. Delivered with
        # its closing, it would be another one after the next commit, and its records would count again.
        return not self._settled and span.end == self._snapshot.size and not is_record(data)
