"""Deleting records part by part, and telling how far it is."""

from collections.abc import Iterator
from typing import Final

from gateway.operator.work import Work
from gateway.traffic.store import Slice, Wanted

_SIZE: Final = 500_000
"""How many records lie in a part, whosever they are: what a transaction takes goes by what lies around it."""


def parts_of(work: Work, wanted: Wanted) -> list[Slice]:
    """Return the parts of the store that hold records which are to be deleted."""
    return work.stores.records.slices(wanted, _SIZE)


def telling(work: Work, parts: list[Slice], done_word: str) -> Iterator[Slice]:
    """Yield parts to be done one after another, between which posts are stored, and tell after each how far it is."""
    count, done = sum(each.count for each in parts), 0
    for each in parts:
        yield each
        done += each.count
        work.say(f"{done:,} of {in_words(count)} {done_word}.")


def in_words(count: int) -> str:
    """Write how many records there are."""
    return "1 record" if count == 1 else f"{count:,} records"
