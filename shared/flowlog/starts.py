"""Where records begin, in bytes that may begin or end inside one, as a committed block may.

A record's beginning is an object whose first key is one that only a whole record has. It is found whatever comes before
it, since no string contains an unescaped quote.
"""

import re
from collections.abc import Iterator
from typing import Final

from shared.flowlog.framing import OUTSIDE, RecordScanner

_FIRST_KEYS: Final = (
    *(b"time", b"category", b"operationName", b"macAddress", b"systemId", b"resourceId", b"resourceid", b"properties"),
    *(b"flowLogVersion", b"flowLogGUID", b"flowLogResourceID", b"targetResourceID", b"flowRecords"),
)
_SPACE: Final = b" \t\r\n"
_GAP = rb"[ \t\r\n]{0,200}+"
_START: Final = re.compile(rb"\{" + _GAP + rb'"(?:' + b"|".join(_FIRST_KEYS) + rb')"' + _GAP + rb":")
_LONGEST_START: Final = 1024
"""A beginning is shorter than this, white space included."""


def begins_record(text: bytes) -> bool:
    """Return whether an object's first key is one that only a whole record has."""
    return _START.match(text) is not None


def first_start(data: bytes, searched: int = 0) -> int | None:
    """Return where the first record begins, the separators before it included; None if none does.

    The first `searched` bytes were already searched without a result.
    """
    start = next(_starts(data, max(0, searched - _LONGEST_START)), None)
    return None if start is None else _before_separators(data, start)


def last_start(data: bytes) -> int | None:
    """Return where the last record begins, the separators before it included; None if none does."""
    start = _last_start(data)
    return None if start is None else _before_separators(data, start)


def cut_start(data: bytes) -> int:
    """Return where the record begins that goes on beyond the end, separators included; the end if there is none."""
    start, done = _last_start(data), 0
    if start is not None:
        spans = RecordScanner(start).feed(data[start:])
        if not spans:
            return _before_separators(data, start)
        done = spans[0].end
    brace = data.rfind(b"{", done)
    return _before_separators(data, brace) if brace >= 0 and _may_become_start(data[brace:]) else len(data)


def _before_separators(data: bytes, at: int) -> int:
    return len(data[:at].rstrip(OUTSIDE))


def _last_start(data: bytes) -> int | None:
    return max(_starts(data, 0), default=None)


def _starts(data: bytes, begin: int) -> Iterator[int]:
    # What stands behind a key, or first in an array, belongs to the record around it.
    for match in _START.finditer(data, begin):
        if data[max(0, match.start() - _LONGEST_START) : match.start()].rstrip(_SPACE)[-1:] not in (b":", b"["):
            yield match.start()


def _may_become_start(rest: bytes) -> bool:
    if len(rest) > _LONGEST_START:
        return False
    text = rest.translate(None, _SPACE)
    return any((b'{"%b":' % key).startswith(text) for key in _FIRST_KEYS)
