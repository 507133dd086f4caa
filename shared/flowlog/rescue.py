"""Complete records among damaged bytes: a damaged record must not affect its neighbours.

Brackets are matched by their kind, from a place where a record begins. Where they contradict each other, or an object
is in another without a key, everything open at that point is damaged and is dropped, so that what comes next starts
afresh. A quote that does not begin a string, because of what follows the next quote, is skipped, so that strings
are found again right after a torn one.

A record counts only if it is complete and is where a record can be: never after a key, and never inside an intact
object.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from shared.flowlog.envelope import is_record
from shared.flowlog.framing import names_records
from shared.flowlog.jsontext import NotJsonError, load
from shared.flowlog.starts import begins_record

_DEPTH_MAX: Final = 8
"""At most this many nested objects are read as records: the same bytes are read again for each."""
_KEY_BYTES: Final = 1024
"""How far back the beginning of a key is looked for."""
_SPACE: Final = b" \t\r\n"
_RECORD_KEYS: Final = frozenset({"properties", "flowRecords"})
_PATH_KEYS: Final = frozenset({b"properties", b"flowRecords", b"flows", b"flowGroups", b"flowTuples"})
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_WITH_ESCAPES = rb'"[^"\\]*+(?:\\.[^"\\]*+)++"'
_KEY = rb'(?:"properties"|"flowRecords"|' + _WITH_ESCAPES + rb")(?=[ \t\r\n]*+:)"
# An escaped quote is passed over outside of strings too. So whether a quote can end a string does not depend on where
# the string begins, and bytes are gone through twice at most.
_TOKEN: Final = re.compile(
    rb'(?:[^"{}\[\]\\]++|(?!' + _KEY + rb")" + _STRING + rb'(?=[ \t\r\n]*+(?:[,:\]}]|\Z))|\\["\\])*+'
    rb"(?P<mark>[{}\[\]]|" + _KEY + rb'|["\\]|\Z)',
    re.DOTALL,
)


def is_whole(text: bytes) -> bool:
    """Return whether an object can be read: as JSON, or as a log record of which some tuples are not JSON."""
    try:
        load(text)
    except NotJsonError:
        return is_record(text)
    return True


def is_apart(text: bytes) -> bool:
    """Return whether an object is certainly a record, and not a part of one; its version may be unknown."""
    return is_record(text) or (begins_record(text) and _has_record_key(text) and is_whole(text))


def _has_record_key(text: bytes) -> bool:
    return any(b'"%b"' % key.encode() in text for key in _RECORD_KEYS)


def whole_records(data: bytes, *, in_step: bool = True) -> list[tuple[int, int]]:
    """Return start and end of the objects that may be log records, none within another, in order.

    In step (from a beginning between records up to the first contradiction, and again after each complete record) these
    are all objects between records, whatever their content. Elsewhere they are only complete records. The time taken is
    proportional to the bytes.
    """
    walk = _Walk(data, in_step=in_step)
    for token in _TOKEN.finditer(data):
        match token["mark"]:
            case b"{":
                walk.open_object(token.end() - 1)
            case b"[":
                walk.open_array(token.end() - 1)
            case b"}":
                walk.close(token.end(), is_object=True)
            case b"]":
                walk.close(token.end(), is_object=False)
            case mark if len(mark) > 1:
                walk.key(mark)
    return walk.found


class _Role(Enum):
    """What an object or array is to the log."""

    ENVELOPE = auto()  # an array whose objects are records
    RECORD = auto()  # an object that is where a record can be
    PATH = auto()  # a part of a record on the way to its tuples: a record in here shows that the outer one is torn
    INSIDE = auto()  # any other part


@dataclass(slots=True)
class _Open:
    """An object or array that is not closed yet; `height` counts the nested objects in it that were read."""

    start: int
    is_object: bool
    role: _Role
    has_record_key: bool = False
    holds_records: bool = False
    height: int = 0


class _Walk:
    """Goes through the brackets; out of step, it is behind a contradiction and has found no whole record since."""

    def __init__(self, data: bytes, *, in_step: bool) -> None:
        self.found: list[tuple[int, int]] = []
        self._data = data
        self._open: list[_Open] = []
        self._in_step = in_step

    def open_object(self, at: int) -> None:
        key = _key_before(self._data, at)
        parent = self._parent(key)
        self._open.append(_Open(at, is_object=True, role=_role_of_object(key, parent)))

    def open_array(self, at: int) -> None:
        key = _key_before(self._data, at)
        parent = self._parent(key)
        role = _role_of_array(key, parent)
        if parent is not None and role is _Role.ENVELOPE:
            parent.holds_records = True
        self._open.append(_Open(at, is_object=False, role=role))

    def key(self, text: bytes) -> None:
        if self._open and self._open[-1].is_object and _is_record_key(text):
            self._open[-1].has_record_key = True

    def close(self, end: int, *, is_object: bool) -> None:
        if not self._open:
            return
        if self._open[-1].is_object is not is_object:
            self._let_go()
            return
        closed = self._open.pop()
        if closed.is_object and (closed.role is _Role.RECORD or (closed.role is _Role.PATH and closed.has_record_key)):
            self._settle(closed, end)
            closed.height += 1
        if self._open:
            self._open[-1].height = max(self._open[-1].height, closed.height)

    def _parent(self, key: bytes | None) -> _Open | None:
        if self._open and self._open[-1].is_object and key is None:
            self._let_go()
        return self._open[-1] if self._open else None

    def _let_go(self) -> None:
        self._open.clear()
        self._in_step = False

    def _settle(self, closed: _Open, end: int) -> None:
        holds_found = bool(self.found) and self.found[-1][0] > closed.start
        counts = closed.has_record_key or (self._in_step and closed.role is _Role.RECORD)
        if not (counts or holds_found):
            return
        if closed.height >= _DEPTH_MAX or not is_whole(self._data[closed.start : end]):
            # A record inside shows that the outer one is torn; alone, it is reported with what is wrong with it.
            if holds_found:
                self._in_step = False
            elif self._in_step and closed.role is _Role.RECORD:
                self.found.append((closed.start, end))
        elif counts or not closed.holds_records:
            while self.found and self.found[-1][0] > closed.start:
                self.found.pop()
            if counts:
                self.found.append((closed.start, end))
                self._in_step = True


def _role_of_object(key: bytes | None, parent: _Open | None) -> _Role:
    if parent is None or parent.role is _Role.ENVELOPE:
        return _Role.RECORD if key is None or names_records(key) else _Role.INSIDE
    if not parent.is_object:
        return parent.role
    if parent.role is _Role.INSIDE or key is None:
        return _Role.INSIDE
    if key in _PATH_KEYS:
        return _Role.PATH
    return _Role.RECORD if parent.role is _Role.RECORD and names_records(key) else _Role.INSIDE


def _role_of_array(key: bytes | None, parent: _Open | None) -> _Role:
    if key is None:
        return _Role.ENVELOPE if parent is None or parent.role is _Role.ENVELOPE else _Role.INSIDE
    if parent is not None and parent.role not in {_Role.RECORD, _Role.PATH}:
        return _Role.INSIDE
    if key in _PATH_KEYS:
        return _Role.PATH
    may_be_envelope = parent is None or parent.role is _Role.RECORD
    return _Role.ENVELOPE if may_be_envelope and names_records(key) else _Role.INSIDE


def _key_before(data: bytes, at: int) -> bytes | None:
    """Return the key, as written, whose value begins at a place; None if there is none."""
    colon = _last(data, at)
    quote = _last(data, colon) if data[colon : colon + 1] == b":" else -1
    if quote < 0 or data[quote] != ord('"'):
        return None
    opening = data.rfind(b'"', max(0, quote - _KEY_BYTES), quote)
    if opening < 0:
        return b"" if quote > _KEY_BYTES else None
    before = _last(data, opening)
    # An escaped quote is a part of a key, so that this is only its end.
    return data[opening + 1 : quote] if before >= 0 and data[before] in b"{,\\" else None


def _last(data: bytes, end: int) -> int:
    """Return where the last byte before a place is that is not white space; -1 if there is none."""
    at = end - 1
    while at >= 0 and data[at] in _SPACE:
        at -= 1
    return at


def _is_record_key(text: bytes) -> bool:
    if b"\\" not in text:
        return True
    try:
        return load(text) in _RECORD_KEYS
    except NotJsonError:
        return False
