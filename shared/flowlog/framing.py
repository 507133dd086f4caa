"""Where records begin and end in the bytes of a flow log, determined from the content and never from constants.

A log blob is `{"records":[`, records joined by commas, `]}`. Azure commits the opening and the closer as blocks of
their own, of 12 and 2 bytes today and of other sizes before (flow-logs-read, azure-docs pull request 4822), and puts
the comma before a block, or after it in older logs.
"""

import re
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import Final

# White space inside framing is limited, so that framing that is cut between two chunks needs little memory.
_SPACE = rb"[ \t\r\n]{0,200}+"
_BOM = b"\xef\xbb\xbf"
_HEAD = rb"\{" + _SPACE + rb'"records"' + _SPACE + rb":" + _SPACE + rb"\["
_CLOSER = rb"\]" + _SPACE + rb"\}"
_HEAD_TEXT: Final = b'{"records":['
OUTSIDE: Final = b", \t\r\n"
"""What is between records without any meaning."""
_WAIT_MAX: Final = 1024
"""Framing is shorter than this: up to this length, bytes that may become framing wait for more."""

_RECORDS: Final = b"records"
_LETTERS_MIN: Final = 4
"""Fewer letters of `records` could be another word."""
_ANY_HEAD: Final = re.compile(
    rb"\{" + _SPACE + rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"' + _SPACE + rb":" + _SPACE + rb"\[", re.DOTALL
)
_IS_HEAD: Final = re.compile(rb"(?:" + _BOM + rb")?+" + _SPACE + _HEAD + _SPACE)
_IS_CLOSER: Final = re.compile(_SPACE + _CLOSER + _SPACE)
_BETWEEN: Final = re.compile(rb"(?:[ \t\r\n,]++|" + _BOM + rb"|" + _HEAD + rb"|" + _CLOSER + rb")*+")
# Whole strings are skipped in one step, so that braces inside them don't count.
_TO_BRACE: Final = re.compile(rb'(?:[^"{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_TO_QUOTE: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


def is_head(block: bytes) -> bool:
    """Return whether a block contains only the opening of the envelope."""
    return _IS_HEAD.fullmatch(block) is not None


def is_closer(block: bytes) -> bool:
    """Return whether a block contains only the closing `]}`."""
    return _IS_CLOSER.fullmatch(block) is not None


def is_framing(data: bytes) -> bool:
    """Return whether bytes between records are only commas, white space and parts of the envelope."""
    return _BETWEEN.fullmatch(data) is not None


def begins_with_array(text: bytes) -> bool:
    """Return whether an object's first value is an array, as in an envelope, whatever its key."""
    return _ANY_HEAD.match(text) is not None


def names_records(key: bytes) -> bool:
    """Return whether a key is `records`, or was until it was damaged in one place."""
    kept = min(len(key), _alike(key, _RECORDS) + _alike(key[::-1], _RECORDS[::-1]))
    return kept >= max(_LETTERS_MIN, min(len(key), len(_RECORDS) - 1))


def _alike(one: bytes, other: bytes) -> int:
    """Count the bytes before the first difference."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def without_envelope(data: bytes) -> bytes:
    """Return the records without the envelope's opening and closer, and without outer commas and space."""
    records = data.removeprefix(_BOM).strip(OUTSIDE)
    head = _IS_HEAD.match(records)
    return records[head.end() :].removesuffix(b"]}").strip(OUTSIDE) if head else records


class SpanKind(Enum):
    """What a span of bytes is."""

    RECORD = "record"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to, not including, `end`, counted from where the scanner began."""

    start: int
    end: int
    kind: SpanKind


class _State(Enum):
    BETWEEN = "between records"
    RECORD = "inside a record"
    STRING = "inside a string of a record"
    GARBAGE = "inside bytes that belong to no record"


class RecordScanner:
    """Finds the complete top-level records in a log that arrives in chunks, without keeping its bytes.

    A record is an object with balanced braces, ignoring strings; the decoder decides whether it is JSON. The envelope's
    opening and closer (also nested ones), commas, white space and a byte order mark are skipped. Anything else between
    records is garbage: it is reported as a span up to the next `{`, where scanning goes on. A record that is never
    closed, or damaged so that its quotes no longer pair, yields no span: from `rest_start` on everything is rest, and
    the scanner stops there. `decode` finds the complete records in such a rest and sets aside the others.
    """

    def __init__(self, start: int = 0) -> None:
        """Begin between records; `start` is the offset of the first byte that will be fed."""
        self._position = start
        self._held = b""
        self._state = _State.BETWEEN
        self._start = start
        self._depth = 0

    @property
    def rest_start(self) -> int:
        """The offset where the incomplete rest begins; the end of what was fed if nothing is incomplete."""
        if self._state is _State.BETWEEN:
            return self._position - len(self._held)
        return self._start

    def feed(self, chunk: bytes) -> list[Span]:
        """Take the next bytes and return the spans that they complete, in order."""
        data = self._held + chunk
        base = self._position - len(self._held)
        self._position += len(chunk)
        self._held = b""
        spans: list[Span] = []
        at = 0
        while at < len(data):
            match self._state:
                case _State.BETWEEN:
                    at = self._between(data, base, at)
                case _State.GARBAGE:
                    at = self._garbage(data, base, at, spans)
                case _State.STRING:
                    at = self._string(data, at)
                case _State.RECORD:
                    at = self._record(data, base, at, spans)
        return spans

    def _between(self, data: bytes, base: int, at: int) -> int:
        at = _end(_BETWEEN, data, at)
        if at == len(data):
            return at
        if len(data) - at < _WAIT_MAX and _may_become_framing(data[at:]):
            self._held = data[at:]
            return len(data)
        self._start = base + at
        if data[at] == ord("{"):
            self._state, self._depth = _State.RECORD, 1
        else:
            self._state = _State.GARBAGE
        return at + 1

    def _garbage(self, data: bytes, base: int, at: int, spans: list[Span]) -> int:
        brace = data.find(b"{", at)
        if brace < 0:
            return len(data)
        spans.append(Span(self._start, base + brace, SpanKind.GARBAGE))
        self._state = _State.BETWEEN
        return brace

    def _record(self, data: bytes, base: int, at: int, spans: list[Span]) -> int:
        at = _end(_TO_BRACE, data, at)
        if at == len(data):
            return at
        match data[at]:
            case 0x7B:  # {
                self._depth += 1
            case 0x7D:  # }
                self._depth -= 1
                if self._depth == 0:
                    spans.append(Span(self._start, base + at + 1, SpanKind.RECORD))
                    self._state = _State.BETWEEN
            case _:
                self._state = _State.STRING
        return at + 1

    def _string(self, data: bytes, at: int) -> int:
        at = _end(_TO_QUOTE, data, at)
        if at == len(data):
            return at
        if data[at] == ord("\\"):
            self._held = data[at:]
            return len(data)
        self._state = _State.RECORD
        return at + 1


def _may_become_framing(rest: bytes) -> bool:
    """Return whether truncated bytes could continue as a head, a closer or a byte order mark."""
    text = re.sub(rb"[ \t\r\n]+", b"", rest)
    return _HEAD_TEXT.startswith(text) or text == b"]" or _BOM.startswith(rest)


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    found = pattern.match(data, at)
    return found.end() if found else at
