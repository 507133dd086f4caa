"""Ranges of a log blob that is read by its committed blocks, as Network Watcher writes them.

A block is a range, a large one is several. If the end of a block cuts a record in two, the block's range ends before
that record, and the record forms a separate range with its rest in the next blocks, up to where another record begins.
What comes before the first record that begins in a block is always a separate range. So the bounds of ranges with
records do not depend on whether a record was ever completed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby

from shared.delivery.ahead import Ahead, fetched_ahead
from shared.delivery.byte_range import ByteRange, Fetch, Limits
from shared.delivery.cutter import Cutter
from shared.flowlog import RecordScanner, cut_start, decode, first_start, is_closer, is_head
from shared.storage.logs import Block

_CLOSER = re.compile(rb"\][ \t\r\n]*\}[ \t\r\n]*\Z")
_SEPARATORS = b" \t\r\n,"


@dataclass(frozen=True, slots=True)
class _Placed:
    # A committed block and where it lies; of one that is delivered in part, where the rest lies.
    number: int
    id: str
    start: int
    end: int
    whole: bool
    last: bool

    def range(self, start: int, data: bytes, *, lasting: bool) -> ByteRange:
        """Return the range that ends in this block; `lasting` means that the next commit can't replace it."""
        return ByteRange(start, start + len(data), data, self.number + lasting, self.id, covered=lasting)


@dataclass(frozen=True, slots=True)
class _Piece:
    # What is fetched in one go: neighbouring blocks, or a part of one large block.
    blocks: tuple[_Placed, ...]
    start: int
    end: int


class BlockRanges:
    """Cuts ranges out of blocks; iterate over `after` once, then read `torn`.

    Attributes:
        torn: A record that the end of the last block cuts in two, as the range that it forms if the rest never arrives;
            None if there is none.
    """

    def __init__(self, fetch: Fetch, limits: Limits, *, joins: bool, ahead: Ahead | None = None) -> None:
        """Begin; `joins` is false under the first cut rule, which cut each block without regard to others.

        What is `ahead` fetches the next bytes while the ranges of those before them are worked on.
        """
        self.torn: ByteRange | None = None
        self._fetch = fetch
        self._limits = limits
        self._joins = joins
        self._ahead = ahead
        self._torn_scanner = RecordScanner()

    def after(self, offset: int, blocks: tuple[Block, ...]) -> Iterator[ByteRange]:
        """Yield the ranges from an offset on, in order; the envelope's closing is in none of them."""
        pieces = _pieces(_after(offset, blocks), self._limits.fetch)
        fetched = fetched_ahead(lambda piece: self._fetch(piece.start, piece.end), pieces, self._ahead)
        for window, parts in groupby(fetched, lambda part: part[0].blocks):
            chunks = (data for _, data in parts)
            if len(window) == 1:
                yield from self._block(window[0], chunks)
                continue
            start, data = window[0].start, next(chunks)
            for placed in window:
                yield from self._block(placed, iter([data[placed.start - start : placed.end - start]]))

    def _block(self, placed: _Placed, chunks: Iterator[bytes]) -> Iterator[ByteRange]:
        data, begins = self._up_to_a_record(placed, chunks)
        whole = len(data) == placed.end - placed.start
        if begins is None and whole and self.torn is not None:
            yield from self._torn_further(placed, self.torn, data)
            return
        lead = begins or 0
        if self.torn is not None or lead:
            lasting = not placed.last or (whole and _CLOSER.search(data) is None)
            yield self._lead(placed, data[:lead], lasting=lasting)
        yield from self._records(placed, lead, data[lead:], chunks)

    def _up_to_a_record(self, placed: _Placed, chunks: Iterator[bytes]) -> tuple[bytes, int | None]:
        # The first chunks of a block, and where in them its first record begins: None if none does within the longest
        # record. In the rest of a block that is delivered in part, one does at once.
        if not (self._joins and placed.whole):
            return next(chunks), 0
        data = b""
        for chunk in chunks:
            searched, data = len(data), data + chunk
            begins = first_start(data, searched)
            if begins is not None:
                return data, begins
            if len(data) > self._limits.record:
                break
        return data, None

    def _lead(self, placed: _Placed, data: bytes, *, lasting: bool) -> ByteRange:
        # What comes before the first record of a block, and the torn one of the block before, if there is one.
        torn, self.torn = self.torn, None
        if torn is None:
            return placed.range(placed.start, data, lasting=lasting)
        return placed.range(torn.start, torn.data + data, lasting=lasting) if data else torn

    def _torn_further(self, placed: _Placed, torn: ByteRange, data: bytes) -> Iterator[ByteRange]:
        # A block in which no record begins: it belongs to the torn one, but for the envelope's closing.
        if placed.last and is_closer(data):
            return
        joined = torn.data + data
        length = _without_closer(joined) if placed.last else len(joined)
        if length <= len(torn.data):
            return
        further = placed.range(torn.start, joined[:length], lasting=length == len(joined))
        ended = bool(self._torn_scanner.feed(further.data[len(torn.data) :]))
        self.torn = None
        if ended:
            yield from self._up_to_torn(further, cut_start(further.data))
        elif length <= self._limits.record:
            self.torn = further
        else:
            yield further

    def _records(self, placed: _Placed, lead: int, data: bytes, chunks: Iterator[bytes]) -> Iterator[ByteRange]:
        if placed.end - placed.start <= self._limits.fetch:
            yield from self._end_of_block(placed, placed.start + lead, data)
            return
        # The next commit may replace the last block, so it counts as lasting only once it is read whole.
        cutter = Cutter(placed.start + lead, self._limits, at_records=self._joins)
        for chunk in chain((data,), chunks):
            for begin, cut in cutter.feed(chunk):
                yield placed.range(begin, cut, lasting=not placed.last)
        if cutter.held:
            yield from self._end_of_block(placed, cutter.begin, cutter.held)

    def _end_of_block(self, placed: _Placed, start: int, data: bytes) -> Iterator[ByteRange]:
        # The rest of a block from `start` on.
        if placed.number == 0 and is_head(data):
            yield replace(placed.range(start, data, lasting=True), data=b"")
            return
        length = _without_closer(data) if placed.last else len(data)
        lasting = length == len(data)
        if not (lasting or data[:length].strip(_SEPARATORS)):
            return
        rest = placed.range(start, data[:length], lasting=lasting)
        if not self._joins:
            yield rest
            return
        decoded = decode(rest.data)
        cut = cut_start(rest.data) if decoded.ranges_set_aside else length
        if cut == length:
            yield replace(rest, decoded=decoded)
        else:
            yield from self._up_to_torn(rest, cut)

    def _up_to_torn(self, before: ByteRange, cut: int) -> Iterator[ByteRange]:
        # What comes before a record that the range's end cuts off, which is kept back.
        if cut:
            yield replace(before, end=before.start + cut, data=before.data[:cut])
        if cut < len(before.data):
            self.torn = replace(before, start=before.start + cut, data=before.data[cut:])
            self._torn_scanner = RecordScanner()
            self._torn_scanner.feed(self.torn.data)


def _after(offset: int, blocks: tuple[Block, ...]) -> Iterator[_Placed]:
    start = 0
    for number, block in enumerate(blocks):
        end = start + block.size
        if end > offset:
            yield _Placed(number, block.id, max(start, offset), end, start >= offset, number == len(blocks) - 1)
        start = end


def _pieces(blocks: Iterator[_Placed], fetch_bytes: int) -> Iterator[_Piece]:
    for window in _windows(blocks, fetch_bytes):
        for start in range(window[0].start, window[-1].end, fetch_bytes):
            yield _Piece(window, start, min(start + fetch_bytes, window[-1].end))


def _windows(blocks: Iterator[_Placed], fetch_bytes: int) -> Iterator[tuple[_Placed, ...]]:
    # Neighbours that are fetched in one go; a block above the size goes alone.
    window: list[_Placed] = []
    for placed in blocks:
        if window and placed.end - window[0].start > fetch_bytes:
            yield tuple(window)
            window = []
        window.append(placed)
    if window:
        yield tuple(window)


def _without_closer(data: bytes) -> int:
    # How many bytes of the last block come before the closer; all, if what looks like one belongs to a record.
    found = _CLOSER.search(data)
    if found is None:
        return len(data)
    spans = RecordScanner().feed(data)
    return len(data) if spans and spans[-1].end > found.start() else found.start()
