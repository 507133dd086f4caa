"""Deletes records as those are deleted that have outlived their time."""

from gateway.traffic.question import EVER, Question
from gateway.traffic.search import parse
from gateway.traffic.store import RecordStore, Wanted


def delete(
    records: RecordStore,
    search: str = "",
    customer: int = 1,
    *,
    spans: tuple[tuple[int, int], ...] = (EVER,),
    last: bool = True,
) -> None:
    """Delete what a search finds of a customer's records in some spans of time."""
    while records.merge_edges():
        pass
    wanted = Wanted(customer, tuple(Question(customer, *span, parse(search)) for span in spans))
    parts = records.slices(wanted, 1000)
    for part in parts:
        records.delete(wanted, part, last=last and part is parts[-1])
