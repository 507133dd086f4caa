"""JSON values as text, split without changing how they are written.

A value that is not valid JSON, such as a string of broken UTF-8, then affects nothing else, and a duplicate key in an
object is noticed. Each call splits one level and goes through the text once, whatever its depth.
"""

import re
from collections import Counter
from itertools import pairwise
from typing import Final

import orjson


class NotJsonError(ValueError):
    """A text is not valid JSON; the message says why."""


class DuplicateKeyError(ValueError):
    """An object has a key twice, so its meaning depends on the reader."""


_SPACE: Final = b" \t\r\n"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_MARK: Final = re.compile(_STRING + rb'|[\[\]{},"]', re.DOTALL)
_ANY_KEY: Final = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?=[ \t\r\n]*+:)|' + _STRING, re.DOTALL)
_KEY: Final = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*:[ \t\r\n]*", re.DOTALL)


def load(text: bytes) -> object:
    """Return the value of a JSON text.

    Raises:
        NotJsonError: If it is not valid JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJsonError(f"it is not valid JSON: {error}") from None


def members(text: bytes) -> dict[str, bytes]:
    """Return the members of an object, values as text.

    Raises:
        NotJsonError: If the text is not an object, as far as one level tells.
        DuplicateKeyError: If a key is in it twice.
    """
    found: dict[str, bytes] = {}
    written: dict[str, bytes] = {}
    for part in _parts(text, b"{", b"}"):
        match = _KEY.match(part)
        if match is None:
            raise NotJsonError(f"it is not valid JSON: {part[:40]!r} is not a member of an object")
        key = str(load(match[1]))
        if key in found:
            how = "" if written[key] == match[1] else ", written in two ways"
            raise DuplicateKeyError(f"the key {key!r:.40} is in one object twice{how}")
        found[key], written[key] = part[match.end() :], match[1]
    return found


def key_spellings(text: bytes, key: str) -> Counter[bytes]:
    """Count the spellings of a key wherever it is in a JSON text, at any depth; escapes allow many."""
    found: Counter[bytes] = Counter()
    plain = key.encode()
    for match in _ANY_KEY.finditer(text):
        written = match[1] or b""
        if written == plain or (b"\\" in written and _is_text(written, key)):
            found[written] += 1
    return found


def _is_text(written: bytes, text: str) -> bool:
    try:
        return load(b'"%b"' % written) == text
    except NotJsonError:
        return False


def elements(text: bytes) -> list[bytes]:
    """Return the elements of an array, as text.

    Raises:
        NotJsonError: If the text is not an array, as far as one level tells.
    """
    return _parts(text, b"[", b"]")


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """Split the inside of a bracketed text at its commas."""
    if not text.startswith(opening):
        raise NotJsonError(f"it is not valid JSON: {opening.decode()} is missing before {text[:40]!r}")
    commas, end = _commas(text)
    if text[end:].strip(_SPACE) != closing:
        raise NotJsonError(f"it is not valid JSON: it ends with {text[end:][:40]!r} and not with {closing.decode()}")
    edges = [0, *commas, end]
    parts = [text[start + 1 : stop].strip(_SPACE) for start, stop in pairwise(edges)]
    if parts == [b""]:
        return []
    if b"" in parts:
        raise NotJsonError("it is not valid JSON: a value is missing beside a comma")
    return parts


def _commas(text: bytes) -> tuple[list[int], int]:
    """Return where the commas of a bracketed text are, those inside other brackets aside, and where it closes."""
    commas: list[int] = []
    depth = 0
    for mark in _MARK.finditer(text, 1):
        if mark[0] == b'"':
            break
        if mark[0] in b"[{":
            depth += 1
        elif mark[0] == b"," and depth == 0:
            commas.append(mark.start())
        elif mark[0] in b"]}":
            if depth == 0:
                return commas, mark.start()
            depth -= 1
    raise NotJsonError("it is not valid JSON: it ends too early")
