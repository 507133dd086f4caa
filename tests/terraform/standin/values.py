"""Values as terraform and its providers exchange them: msgpack, with an extension for what is not known yet."""

from dataclasses import dataclass
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # ships no types


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known only once the resource is made; all are equal."""


UNKNOWN: Final = Unknown()
_EXTENSION: Final = msgpack.ExtType(0, b"\0")


def decode(data: bytes) -> Any:
    """Read a value, with `UNKNOWN` in it for each part that is not known."""
    return msgpack.unpackb(data, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False)


def encode(value: object) -> bytes:
    """Write a value, `UNKNOWN` included."""
    packed: bytes = msgpack.packb(value, default=lambda _unknown: _EXTENSION)
    return packed


def is_known(value: object) -> bool:
    """Whether a value is known in all its parts."""
    match value:
        case Unknown():
            return False
        case dict():
            return all(map(is_known, value.values()))
        case list():
            return all(map(is_known, value))
    return True
