"""Account of what was written: what must be stored, what must be quarantined, and when it was committed."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dev.flowlogs.blob import Commit
from dev.flowlogs.formats import FlowRecord


@dataclass(frozen=True, slots=True, order=True)
class Aside:
    """Something that must be quarantined: the blob it is in, its unit (a tuple, log record or range), and its text."""

    blob: str
    unit: str
    text: str


@dataclass(slots=True)
class Ledger:
    """What was written so far; equal flow records and equal quarantined things are counted.

    Attributes:
        committed_at: when a flow record was committed; the first time, for one that was written several times.
        sizes: the bytes of each blob.

    """

    flow_records: Counter[FlowRecord] = field(default_factory=Counter)
    asides: Counter[Aside] = field(default_factory=Counter)
    committed_at: dict[FlowRecord, dt.datetime] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
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
        self.tuples += sum(flow_records.values()) + sum(n for aside, n in asides.items() if aside.unit == "tuple")
