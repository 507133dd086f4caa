"""Account of what was written: what must be stored, what must be quarantined, and when it was committed."""

import datetime as dt
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.flowlogs.blob import Commit
from dev.flowlogs.formats import KEYS, FlowRecord
from shared.delivery.quarantine import REFUSED_LINE
from shared.flowlog import Unit

_OF_TUPLES = {Unit.TUPLE.value, REFUSED_LINE}


def flow_record(document: Mapping[str, Any]) -> FlowRecord:
    """Return the flow record of a JSON object. Millions are held at once, so equal texts in them are one object."""
    values = (document[key] for key in KEYS)
    return tuple(sys.intern(value) if isinstance(value, str) else value for value in values)


@dataclass(frozen=True, slots=True, order=True)
class Aside:
    """Something that must be quarantined: the blob it is in, its unit (a tuple, log record, range, or the line of a
    flow record that the gateway refuses), and its text.
    """

    blob: str
    unit: str
    text: str


@dataclass(slots=True)
class Ledger:
    """What was written so far; equal flow records and equal quarantined things are counted.

    Attributes:
        committed_at: When a flow record was committed; the first time, for one that was written several times.
        sizes: The bytes of each blob.
        left: The bytes at the end of a blob that are not a complete record, of those that have any.
        backlog: The bytes that must wait in such a blob: all behind its last whole record.
    """

    flow_records: Counter[FlowRecord] = field(default_factory=Counter)
    asides: Counter[Aside] = field(default_factory=Counter)
    committed_at: dict[FlowRecord, dt.datetime] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    backlog: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    tuples: int = 0

    def enter(
        self,
        commit: Commit,
        at: dt.datetime,
        flow_records: Mapping[FlowRecord, int],
        asides: Mapping[Aside, int],
    ) -> None:
        """Note a commit and what it added."""
        self.flow_records.update(flow_records)
        self.asides.update(asides)
        for record in flow_records:
            self.committed_at.setdefault(record, at)
        self.sizes[commit.name] = commit.size
        self.commits += 1
        self.tuples += sum(flow_records.values()) + sum(n for aside, n in asides.items() if aside.unit in _OF_TUPLES)

    def leave(self, blob: str, left: int, backlog: int) -> None:
        """Note what can't be delivered of a blob; see `left` and `backlog`."""
        if left:
            self.left[blob] = left
            self.backlog[blob] = backlog
