"""The records themselves, newest first, a page at a time.

A page is identified by the record that it follows, not by its number: the last page costs as much as the first, and
records that arrive in the meantime do not shift it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

type RecordKey = tuple[int, int, int]
"""A record's time, the number of its post and its line there: no two records have the same."""

_LARGEST: Final = 2**63
_DIGITS: Final = 19


class Way(StrEnum):
    """The direction in which pages follow each other."""

    OLDER = "older"
    NEWER = "newer"


def written_key(key: RecordKey) -> str:
    """Write a key as `read_key` reads it."""
    return ".".join(map(str, key))


def read_key(text: str) -> RecordKey:
    """Read a key.

    Raises:
        ValueError: It is not one.
    """
    time, post, line = map(_whole, text.split("."))
    return time, post, line


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page is.

    Attributes:
        way: Whether its records are older or newer than the one of the key.
        key: That record's; None for the end itself: older than all is the first page, newer than all the last one.
    """

    way: Way = Way.OLDER
    key: RecordKey | None = None

    def __str__(self) -> str:
        """Write the cursor as `parse` reads it."""
        return self.way if self.key is None else f"{self.way}:{written_key(self.key)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor.

        Raises:
            ValueError: It is not one.
        """
        way, marked, key = text.partition(":")
        if not marked:
            return cls(Way(way))
        return cls(Way(way), read_key(key))


FIRST: Final = Cursor(Way.OLDER)
LAST: Final = Cursor(Way.NEWER)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it is kept.

    Attributes:
        record: The flow record.
        key: Where it is.
        counted: Whether its bytes count.
    """

    record: Mapping[str, Any]
    key: RecordKey
    counted: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records that were asked for.

    Attributes:
        records: Those, newest first.
        newer: Where the page before is; None if this is the first one.
        older: Where the page after is; None if this is the last one.
    """

    records: tuple[Kept, ...]
    newer: Cursor | None
    older: Cursor | None

    @classmethod
    def of(cls, found: Sequence[Kept], cursor: Cursor, size: int) -> Self:
        """Make a page of the records from a cursor on, in its way: one more than the page has, if there are so many."""
        more, shown = len(found) > size, tuple(found[:size])
        if cursor.way is Way.NEWER:
            shown = shown[::-1]
        if not shown:
            return cls((), None, None)
        newer, older = Cursor(Way.NEWER, shown[0].key), Cursor(Way.OLDER, shown[-1].key)
        behind = cursor.key is not None
        return cls(
            shown,
            newer if (more if cursor.way is Way.NEWER else behind) else None,
            older if (more if cursor.way is Way.OLDER else behind) else None,
        )


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) < _LARGEST):
        raise ValueError(text)
    return int(text)
