"""The first of many rows: a page shows a limited number, and says how many more there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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


def first_of[Row](rows: Sequence[Row], most: int = MOST_ROWS) -> First[Row]:
    """Return the first of rows that are all at hand."""
    return First(tuple(rows[:most]), max(0, len(rows) - most))
