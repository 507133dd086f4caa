"""Many flow records turned on their side: one sequence of values for each key."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.flowlog.record import AGENT_KEYS, KEYS

type Columns = Mapping[str, Sequence[Any]]
"""Each key of the flow record with its values, as many as there are records, in the records' order.

What only agents know may be left out where none of the records comes from an agent; where some do, it is null in the
others.
"""


def transposed(records: Iterable[Mapping[str, Any]]) -> Columns:
    """Turn flow records on their side."""
    rows = list(records)
    return {key: [row.get(key) for row in rows] for key in (*KEYS, *AGENT_KEYS)}
