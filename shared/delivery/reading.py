"""What is new in a log blob, as segments: record-aligned byte ranges that are decoded and posted on their own.

Where a segment begins and ends depends on the blob's content alone, never on when it was read or how far it had grown,
so that a repetition cuts the same batches. Bytes are fetched in ranges of about a megabyte, so memory stays small
whatever the backlog.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.errors import Unsupported
from shared.flowlog import RecordScanner, is_closer, is_head
from shared.storage.checkpoint import Checkpoint, Layout, Tail, digest_of
from shared.storage.logs import Block, Snapshot

FETCH_BYTES = 1024 * 1024
LONGEST_RECORD = 16 * FETCH_BYTES
_LONGEST_FRAMING = 4096
_CLOSER = re.compile(rb"\][ \t\r\n]*\}[ \t\r\n]*\Z")

type Fetch = Callable[[int, int], bytes]
"""Gives the bytes from the first offset up to the second, as one snapshot saw them."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A byte range that holds whole records and whatever stands between them.

    Attributes:
        start, end: the range in bytes.
        data: its bytes; empty where the range is known to hold no record.
        blocks: how many committed blocks stand for good once it is delivered; 0 where the blob is read by bytes.
        block: the id of its block, "" where the blob is read by bytes.
        covered: whether those blocks reach up to the segment's end.
    """

    start: int
    end: int
    data: bytes
    blocks: int = 0
    block: str = ""
    covered: bool = False


def survey(snapshot: Snapshot, fetch: Fetch) -> Layout:
    """Settle how a blob is to be read, from its first block and its last.

    Network Watcher puts the envelope's opening and its closing into blocks of their own ("flow-logs-read"). Where
    something else comes first, blocks are the work of some copying tool and may cut through records. Where records
    share a block with the closing, the next commit replaces that block, so that it is no lasting range.
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
    """Tell whether what was delivered is no longer how the blob begins."""
    if checkpoint.offset > snapshot.size or checkpoint.blocks > len(snapshot.blocks):
        return True
    if checkpoint.layout is Layout.BLOCKS and snapshot.size and not snapshot.blocks:
        return True  # put whole over what was written by blocks, of which nothing may have been delivered yet
    if digest_of(snapshot.blocks[: checkpoint.blocks]) != checkpoint.digest:
        return True
    if checkpoint.part and _begun(checkpoint, snapshot, fetch) != checkpoint.begun:
        return True
    if checkpoint.tail is None:
        return False
    return Tail.of(fetch(checkpoint.offset - checkpoint.tail.length, checkpoint.offset)) != checkpoint.tail


def _begun(checkpoint: Checkpoint, snapshot: Snapshot, fetch: Fetch) -> str | None:
    segment = next(iter(Reading(checkpoint, snapshot, fetch)), None)
    return None if segment is None else hashlib.sha256(segment.data).hexdigest()


class Reading:
    """What lies after a checkpoint: iterate over it once, then ask what is left.

    Attributes:
        left: bytes at the end that are no complete record and no closing of the envelope; known once iterated over.
    """

    def __init__(self, checkpoint: Checkpoint, snapshot: Snapshot, fetch: Fetch) -> None:
        self._checkpoint = checkpoint
        self._snapshot = snapshot
        self._fetch = fetch
        self.left = snapshot.size - checkpoint.offset

    def __iter__(self) -> Iterator[Segment]:
        """Give the segments in order; the envelope's closing is in none of them.

        Raises:
            Unsupported: no record ends within 16 MiB in a blob that is read by bytes.
        """
        if self._checkpoint.layout is Layout.BYTES:
            yield from self._by_bytes()
        else:
            yield from self._by_blocks()

    def _by_blocks(self) -> Iterator[Segment]:
        for window in _windows(_after(self._checkpoint.offset, self._snapshot.blocks)):
            if window[-1].end - window[0].start > FETCH_BYTES:
                yield from _large_block(window[0], self._fetch)
                continue
            start = window[0].start
            data = self._fetch(start, window[-1].end)
            for placed in window:
                yield from _block(placed, placed.start, data[placed.start - start : placed.end - start])
        self.left = 0

    def _by_bytes(self) -> Iterator[Segment]:
        scanner = RecordScanner(self._checkpoint.offset)
        held, begin = b"", self._checkpoint.offset
        for start in range(begin, self._snapshot.size, FETCH_BYTES):
            chunk = self._fetch(start, min(start + FETCH_BYTES, self._snapshot.size))
            held += chunk
            base = begin
            for span in scanner.feed(chunk):
                yield Segment(begin, span.end, held[begin - base : span.end - base])
                begin = span.end
            held = held[begin - base :]
            if len(held) > LONGEST_RECORD:
                raise Unsupported(f"No record ends within {LONGEST_RECORD} bytes from byte {begin} on.")
        self.left = self._snapshot.size - scanner.rest_start


@dataclass(frozen=True, slots=True)
class _Placed:
    # A committed block and where it lies; `start` is moved on where the block is delivered in part.
    number: int
    id: str
    start: int
    end: int
    last: bool


def _after(offset: int, blocks: tuple[Block, ...]) -> Iterator[_Placed]:
    start = 0
    for number, block in enumerate(blocks):
        end = start + block.size
        if end > offset:
            yield _Placed(number, block.id, max(start, offset), end, last=number == len(blocks) - 1)
        start = end


def _windows(blocks: Iterator[_Placed]) -> Iterator[list[_Placed]]:
    # Neighbours that are fetched in one go; a block above the size goes alone.
    window: list[_Placed] = []
    for placed in blocks:
        if window and placed.end - window[0].start > FETCH_BYTES:
            yield window
            window = []
        window.append(placed)
    if window:
        yield window


def _block(placed: _Placed, start: int, data: bytes) -> Iterator[Segment]:
    # The rest of a block from `start` on, as one segment.
    if placed.number == 0 and is_head(data):
        yield Segment(start, placed.end, b"", 1, placed.id, covered=True)
        return
    length = _without_closer(data) if placed.last else len(data)
    if length == len(data):
        yield Segment(start, placed.end, data, placed.number + 1, placed.id, covered=True)
    elif data[:length].strip(b" \t\r\n,"):
        # The next commit replaces a block that holds the closer.
        yield Segment(start, start + length, data[:length], placed.number, placed.id)


def _without_closer(data: bytes) -> int:
    # How many bytes of the last block come before the closer; all, if what looks like one belongs to a record.
    found = _CLOSER.search(data)
    if found is None:
        return len(data)
    spans = RecordScanner().feed(data)
    return len(data) if spans and spans[-1].end > found.start() else found.start()


def _large_block(placed: _Placed, fetch: Fetch) -> Iterator[Segment]:
    # The next commit may replace the last block, so it counts as covered only once it is read whole.
    blocks = placed.number if placed.last else placed.number + 1
    cutter = _Cutter(placed.start)
    for start in range(placed.start, placed.end, FETCH_BYTES):
        for begin, data in cutter.feed(fetch(start, min(start + FETCH_BYTES, placed.end))):
            yield Segment(begin, begin + len(data), data, blocks, placed.id, covered=not placed.last)
    if cutter.held:
        yield from _block(placed, cutter.begin, cutter.held)


class _Cutter:
    # Cuts a large block: as many whole records as fit into a fetch go together, counted from their own start. Where no
    # record ends for long the bytes are cut by length, and scanned anew from there, so that a later worker, who knows
    # nothing of what came before, cuts likewise. Such bytes are no flow log, and end in quarantine piece by piece.

    def __init__(self, start: int) -> None:
        self.begin = start
        self.held = b""
        self._cut = start
        self._scanner = RecordScanner(start)

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        self.held += chunk
        for span in self._scanner.feed(chunk):
            if span.end - self.begin > FETCH_BYTES and self._cut > self.begin:
                yield self._take(self._cut)
            if span.end - self.begin > LONGEST_RECORD:
                break
            self._cut = span.end
        while len(self.held) > LONGEST_RECORD:
            if self._cut > self.begin:
                yield self._take(self._cut)
                continue
            yield self._take(self.begin + LONGEST_RECORD)
            held, self.held = self.held, b""
            self._cut, self._scanner = self.begin, RecordScanner(self.begin)
            yield from self.feed(held)

    def _take(self, end: int) -> tuple[int, bytes]:
        begin, data = self.begin, self.held[: end - self.begin]
        self.begin, self.held = end, self.held[end - self.begin :]
        return begin, data
