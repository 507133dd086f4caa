"""The log records of a range, split by their text: the careful path, for ranges that are not valid JSON as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.flowlog.foreign import what_else
from shared.flowlog.framing import (
    OUTSIDE,
    RecordScanner,
    SpanKind,
    begins_with_array,
    is_framing,
    names_records,
)
from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, members
from shared.flowlog.rescue import is_whole, whole_records


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a range: a record's text, or bytes that belong to none.

    Attributes:
        offset: Where it begins in the range, in bytes.
        text: Its bytes.
        problem: A sentence if it does not belong to a recognisable record; empty if it is an object.
    """

    offset: int
    text: bytes
    problem: str = ""


_DEPTH_MAX: Final = 8
_RECORD_KEY: Final = re.compile(rb'"(?:properties|flowRecords)"')
_ESCAPED_LETTER: Final = b"\\u00"


def pieces(data: bytes, offset: int = 0, depth: int = 0) -> Iterator[Piece]:
    """Yield every object in the range that may be a log record, and the bytes that belong to none, in order.

    An object that has `records` among other keys stands for those records, down to eight such objects nested.
    """
    if not _may_hold_records(data) and (other := what_else(data)):
        yield Piece(offset, data, other)
        return
    scanner = RecordScanner()
    damaged, in_step = None, True
    for span in scanner.feed(data):
        text = data[span.start : span.end]
        if span.kind is SpanKind.GARBAGE or not is_whole(text):
            damaged, in_step = span.start, text.startswith(b"{") or not _is_torn(text)
            break
        yield from _opened(text, offset + span.start, depth)
    start = scanner.rest_start if damaged is None else damaged
    yield from _rescued(data[start:], offset + start, depth, in_step=in_step)


def _may_hold_records(data: bytes) -> bool:
    return _RECORD_KEY.search(data) is not None or _ESCAPED_LETTER in data


def _opened(text: bytes, offset: int, depth: int) -> Iterator[Piece]:
    """Yield an object, or the records in it if it is an envelope."""
    inside = _records_inside(text) if depth < _DEPTH_MAX else None
    if inside is None:
        yield Piece(offset, text)
    else:
        yield from pieces(inside, offset + text.index(inside), depth + 1)


def _records_inside(text: bytes) -> bytes | None:
    """Return the inside of the array of records in an envelope; None if an object is not one, or is a log record.

    The array's key is `records`; the envelope's only key may be damaged.
    """
    if not (begins_with_array(text) or b'"records"' in text or _ESCAPED_LETTER in text):
        return None
    try:
        fields = members(text)
    except (NotJsonError, DuplicateKeyError):
        return None
    if fields.keys() & {"properties", "flowRecords"}:
        return None
    first = next(iter(fields), "")
    key = first if len(fields) == 1 and names_records(first.encode()) else "records"
    records = fields.get(key, b"")
    return records[1:-1] if records.startswith(b"[") and records.endswith(b"]") else None


def _rescued(data: bytes, offset: int, depth: int, *, in_step: bool) -> Iterator[Piece]:
    """Yield the records in damaged bytes, and the bytes around them."""
    done = 0
    for start, end in [*whole_records(data, in_step=in_step), (len(data), len(data))]:
        around = data[done:start].lstrip(OUTSIDE)
        if not is_framing(around):
            yield Piece(offset + start - len(around), around, _problem(around))
        if end > start:
            yield from _opened(data[start:end], offset + start, depth)
        done = end


def _problem(text: bytes) -> str:
    """Return what is wrong with bytes that do not belong to a record."""
    if other := what_else(text):
        return other
    if _is_torn(text):
        reason = "These bytes are a record that is cut off or damaged"
    else:
        reason = "These bytes between records do not belong to one"
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"{reason}; at offset {error.start} in them they are not valid UTF-8."
    return f"{reason}."


def _is_torn(text: bytes) -> bool:
    """Return whether bytes look as if they belonged to a record."""
    return any(mark in text for mark in (b"{", b"}", b'"'))
