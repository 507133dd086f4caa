"""Stored answers to posts, the long ones compressed: the answer to 20,000 bad lines has five megabytes."""

import base64
import zlib
from typing import Final

_LONG: Final = 2_000
_PACKED: Final = "zlib:"
"""No answer begins with this: each is a JSON object."""


def packed(answer: bytes) -> str:
    """Return an answer as it is stored."""
    if len(answer) <= _LONG:
        return answer.decode()
    return _PACKED + base64.b85encode(zlib.compress(answer)).decode()


def unpacked(kept: str) -> bytes:
    """Return the answer that was stored."""
    if not kept.startswith(_PACKED):
        return kept.encode()
    return zlib.decompress(base64.b85decode(kept.removeprefix(_PACKED)))
