"""What was written against what arrived, as multisets."""

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dev.demo.arrived import Post
from dev.demo.ledger import Aside, Ledger
from dev.flowlogs.formats import FlowRecord


@dataclass(frozen=True, slots=True)
class Verdict:
    """How what arrived differs from what was written.

    Attributes:
        stored: Flow records in the gateway.
        sent_twice: Flow records in posts that the gateway had before; it stores them once.
        lost, stored_twice, foreign: Flow records that are missing, too often there, or were never written.
        quarantined: Things in quarantine.
        not_quarantined, wrongly_quarantined: Things that should be there and are not, and the reverse.
        behind: Bytes of blobs that wait and should be delivered.
        dropped: Bytes of blobs that can't be delivered, and do not wait either.
        lags: Of each stored flow record, from the commit of its log to its acceptance, ascending.
    """

    stored: int
    sent_twice: int
    lost: Counter[FlowRecord]
    stored_twice: Counter[FlowRecord]
    foreign: Counter[FlowRecord]
    quarantined: int
    not_quarantined: Counter[Aside]
    wrongly_quarantined: Counter[Aside]
    behind: Counter[str]
    dropped: Counter[str]
    lags: Sequence[dt.timedelta]

    @property
    def is_equal(self) -> bool:
        """Whether everything arrived once, nothing else did, and what can't arrive is kept."""
        records = (self.lost, self.stored_twice, self.foreign)
        return not any((*records, self.not_quarantined, self.wrongly_quarantined, self.behind, self.dropped))

    def lag(self, percent: int) -> dt.timedelta | None:
        """Return the lag that this percentage (1 to 99) of the flow records do not exceed; None if too few arrived."""
        if len(self.lags) < 2:  # noqa: PLR2004 - what quantiles are defined for
            return None
        return dt.timedelta(
            seconds=statistics.quantiles([lag.total_seconds() for lag in self.lags], n=100)[percent - 1]
        )


def compare(
    ledger: Ledger,
    arrivals: Iterable[tuple[FlowRecord, dt.datetime]],
    quarantine: Counter[Aside],
    posts: Iterable[Post],
    backlog: Counter[str],
) -> Verdict:
    """Compare what was written with what the gateway and the quarantine hold, and the bytes that still wait."""
    stored = Counter[FlowRecord]()
    lags = []
    for record, accepted_at in arrivals:
        stored[record] += 1
        if record in ledger.committed_at:
            lags.append(accepted_at - ledger.committed_at[record])
    surplus = stored - ledger.flow_records
    return Verdict(
        stored=stored.total(),
        sent_twice=sum(post.records for post in posts if post.duplicate),
        lost=ledger.flow_records - stored,
        stored_twice=Counter({record: n for record, n in surplus.items() if record in ledger.flow_records}),
        foreign=Counter({record: n for record, n in surplus.items() if record not in ledger.flow_records}),
        quarantined=quarantine.total(),
        not_quarantined=ledger.asides - quarantine,
        wrongly_quarantined=quarantine - ledger.asides,
        behind=backlog - ledger.backlog,
        dropped=ledger.backlog - backlog,
        lags=sorted(lags),
    )
