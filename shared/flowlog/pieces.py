"""The log records of a range, told apart by their text: the careful way, for ranges that are not JSON as a whole."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from shared.flowlog.envelope import UnknownFormError, read_groups
from shared.flowlog.framing import RecordScanner, SpanKind, is_framing
from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, load, members


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
_TOKEN: Final = re.compile(
    rb'[{}]|(?P<key>"(?:properties|flowRecords)"(?=[ \t\r\n]*+:))|"[^"\\]*+"(?=[ \t\r\n]*+(?:[,:\]}]|\Z))'
)


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
            yield from _told_apart(text, offset + span.start)
        else:
            yield from pieces(inside, offset + span.start + text.index(inside), depth + 1)
    rest = data[scanner.rest_start :]
    if rest:
        yield from _rescued(rest, offset + scanner.rest_start, _records_behind_a_cut(rest))


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


def _told_apart(text: bytes, offset: int) -> Iterator[Piece]:
    """Yield an object of balanced braces, or the records in it if it is two torn ones with all that is between them."""
    torn = not (_reads(load, text) or _reads(read_groups, text))
    records = _records_behind_a_cut(text) if torn else []
    if records in ([], [(0, len(text))]):
        yield Piece(offset, text)
    else:
        yield from _rescued(text, offset, records)


def _reads(read: Callable[[bytes], object], text: bytes) -> bool:
    try:
        read(text)
    except (NotJsonError, UnknownFormError):
        return False
    return True


def _rescued(text: bytes, offset: int, records: list[tuple[int, int]]) -> Iterator[Piece]:
    """Yield the records in torn bytes, and the bytes around them."""
    done = 0
    for start, end in [*records, (len(text), len(text))]:
        if not is_framing(text[done:start]):
            yield Piece(offset + done, text[done:start], "These bytes are a record that is cut or broken.")
        if end > start:
            yield Piece(offset + start, text[start:end])
        done = end


def _records_behind_a_cut(data: bytes) -> list[tuple[int, int]]:
    """Return start and end of objects of balanced braces that have the key of a record, and none of those inside.

    A quote that begins no string, because of what follows the next quote, is passed over, so that the strings behind
    a torn one are found again. Strings with escapes are not known here. Takes time in proportion to the bytes.
    """
    opened: list[int] = []
    with_key: set[int] = set()
    found: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(data):
        if token[0] == b"{":
            opened.append(token.start())
        elif token[0] == b"}" and opened:
            start = opened.pop()
            if start in with_key and (not found or found[-1][0] < start):
                found.append((start, token.end()))
        elif token["key"] and opened:
            with_key.add(opened[-1])
    return found
