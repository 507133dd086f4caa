"""Large committed blocks, cut into ranges that are decoded and posted separately."""

from collections.abc import Iterator

from shared.delivery.byte_range import Limits
from shared.flowlog import RecordScanner, Span, is_apart, last_start


class Cutter:
    """Cuts bytes that arrive in chunks: as many complete records as fit into a fetch form a range.

    They are counted from their own start. If no record ends for long because one is damaged, the bytes are cut before
    the last record that begins in them, or by length if none does, and scanned again from there, so that a later
    worker, which does not know what came before, cuts the same way.

    Attributes:
        begin: Where what is held begins.
        held: Bytes that are not cut off yet.
    """

    def __init__(self, start: int, limits: Limits, *, at_records: bool) -> None:
        """Begin at an offset; by the first cut rule (`at_records` is false), whatever looks like a record is one."""
        self.begin = start
        self.held = b""
        self._limits = limits
        self._at_records = at_records
        self._spans: list[Span] = []
        self._scanner = RecordScanner(start)

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Take the next bytes, and yield the start and the bytes of each range that they complete."""
        self.held += chunk
        for span in self._scanner.feed(chunk):
            if span.end - self.begin > self._limits.fetch:
                yield from self._cut()
            if span.end - self.begin > self._limits.record:
                break
            self._spans.append(span)
        while len(self.held) > self._limits.record:
            cut = list(self._cut())
            if cut:
                yield from cut
                continue
            longest = self.held[: self._limits.record]
            yield self._take(self.begin + ((self._at_records and last_start(longest)) or len(longest)))
            held, self.held = self.held, b""
            self._spans, self._scanner = [], RecordScanner(self.begin)
            yield from self.feed(held)

    def _cut(self) -> Iterator[tuple[int, bytes]]:
        # After the last complete record, if there is one: after a damaged one, the end of a record is uncertain.
        while self._spans:
            span = self._spans.pop()
            text = self.held[span.start - self.begin : span.end - self.begin]
            if not self._at_records or is_apart(text):
                self._spans = []
                yield self._take(span.end)

    def _take(self, end: int) -> tuple[int, bytes]:
        begin, data = self.begin, self.held[: end - self.begin]
        self.begin, self.held = end, self.held[end - self.begin :]
        return begin, data
