"""Flow records, and whether their bytes count by the plain rule."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.gateway.contract.plain_counting import counts


class Marked(dict[str, Any]):
    """A flow record.

    Attributes:
        counted: Whether its bytes count.
    """

    counted: bool


def marked(records: Iterable[Mapping[str, Any]]) -> list[Marked]:
    """Mark all the records of a customer."""
    made = list(map(Marked, records))
    for each, counted in zip(made, counts(made), strict=True):
        each.counted = counted
    return made
