"""The log records of a range, told apart by their text: the careful way, for ranges that are not JSON as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.flowlog.framing import RecordScanner, SpanKind, balanced_objects
from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, members


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a range.

    Attributes:
        offset: where it begins in the range, in bytes.
        text: its bytes.
        problem: a sentence if it belongs to no record that can be told apart; empty if it is an object.

    """

    offset: int
    text: bytes
    problem: str = ""


_DEPTH_MAX: Final = 8
_RECORD_KEY: Final = re.compile(rb'"(?:properties|flowRecords)"[ \t\r\n]*:')


def pieces(data: bytes, offset: int = 0, depth: int = 0) -> Iterator[Piece]:
    """Yield every object in the range that may be a log record, and the bytes that belong to none, in order.

    An object that has `records` among other keys stands for those records, down to eight such objects in each other.
    """
    scanner = RecordScanner()
    for span in scanner.feed(data):
        text = data[span.start : span.end]
        if span.kind is SpanKind.GARBAGE:
            yield Piece(offset + span.start, text, "These bytes between records belong to none.")
        elif (inside := _records_inside(text)) is None or depth == _DEPTH_MAX:
            yield Piece(offset + span.start, text)
        else:
            yield from pieces(inside, offset + span.start + text.index(inside), depth + 1)
    rest = data[scanner.rest_start :]
    if rest:
        yield from _rescued(rest, offset + scanner.rest_start)


def _records_inside(text: bytes) -> bytes | None:
    """Return the inside of the array `records` of an object that is no log record itself."""
    if b'"records"' not in text:
        return None
    try:
        fields = members(text)
    except (NotJsonError, DuplicateKeyError):
        return None
    records = fields.get("records", b"")
    if fields.keys() & {"properties", "flowRecords"} or not (records.startswith(b"[") and records.endswith(b"]")):
        return None
    return records[1:-1]


def _rescued(rest: bytes, offset: int) -> Iterator[Piece]:
    """Yield what can still be told apart after a record that is never closed."""
    done = 0
    for start, end in balanced_objects(rest):
        text = rest[start:end]
        if not _RECORD_KEY.search(text):
            continue
        if start > done:
            yield _broken(rest[done:start], offset + done)
        yield Piece(offset + start, text)
        done = end
    if done < len(rest):
        yield _broken(rest[done:], offset + done)


def _broken(text: bytes, offset: int) -> Piece:
    return Piece(offset, text, "These bytes are a record that is cut or broken.")
