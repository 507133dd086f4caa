"""Many flow records turned on their side: one sequence of values for each key."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from shared.flowlog.record import KEYS

type Columns = Mapping[str, Sequence[Any]]
"""Each key of the flow record with its values, as many as there are records, in the records' order."""


def columns(records: Iterable[Mapping[str, Any]]) -> Columns:
    """Turn flow records on their side."""
    rows = list(map(itemgetter(*KEYS), records))
    return dict(zip(KEYS, zip(*rows, strict=True) if rows else [()] * len(KEYS), strict=True))
