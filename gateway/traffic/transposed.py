"""Many flow records, transposed: one sequence of values for each key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.flowlog.record import AGENT_KEYS, KEYS

type Columns = Mapping[str, Sequence[Any]]
"""Each key of the flow record with its values, one for each record, in the same order.

Keys that only agents fill in may be left out if none of the records comes from an agent; if some do, they are null in
the others.
"""


def transposed(records: Iterable[Mapping[str, Any]]) -> Columns:
    """Transpose flow records."""
    rows = list(records)
    return {key: [row.get(key) for row in rows] for key in (*KEYS, *AGENT_KEYS)}
