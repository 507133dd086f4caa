"""The first rows of a query that counts all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gateway.traffic.first import First


def first_rows[Row](rows: Iterable[Sequence[Any]], made: Callable[..., Row]) -> First[Row]:
    """Return the first rows of a query that counts all of them in a last column, each made of what stands before it."""
    read = list(rows)
    return First(tuple(made(*values) for *values, _ in read), read[0][-1] - len(read) if read else 0)
