"""The first of many rows: a page shows so many, and says how many more there are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_ROWS: Final = 200
"""As many rows as a page shows of what senders can make any number of."""


@dataclass(frozen=True, slots=True)
class First[Row]:
    """The first rows of an answer.

    Attributes:
        rows: Those.
        others: How many more there are.

    """

    rows: tuple[Row, ...]
    others: int = 0


def counted[Row](rows: Iterable[Sequence[Any]], made: Callable[..., Row]) -> First[Row]:
    """Return the first rows of a query that counts all of them in a last column, each made of what stands before it."""
    read = list(rows)
    return First(tuple(made(*values) for *values, _ in read), read[0][-1] - len(read) if read else 0)


def first_of[Row](rows: Sequence[Row], most: int = MOST_ROWS) -> First[Row]:
    """Return the first of rows that are all at hand."""
    return First(tuple(rows[:most]), max(0, len(rows) - most))
