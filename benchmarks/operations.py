"""How many storage operations each thing that happens costs, by kind."""

from collections import Counter
from collections.abc import Mapping

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import GrowingLog, Stage, deliver, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.delivery.report import Outcome
from shared.flowlog import LogKind
from shared.ingester import Ingester

_UPDATES = 59
_SWEPT = (10, 100)
_CLAIM = (
    "Requests to storage, counted where azure-core hands them to HTTP: for the first event of a log blob, for each of "
    f"the {_UPDATES} that follow in its hour, for one that another process gets, which does not know the log blob, or "
    "only as it was before another worked on it, for events that bring nothing new, for one that finds the log blob "
    "held, and for a sweep over log blobs of this hour that are all delivered."
)

type Counts = Mapping[str, float]


def measure() -> report.Result:
    """Count the operations of events and of sweeps."""
    minute = ranges(Traffic(Shape.NSG, 5, tuples_a_record=5))[0]
    with stage() as parts:
        ingester, other = _process(parts), _process(parts)
        log = parts.new_log(0)
        log.commit(minute)
        events: dict[str, Counts] = {"first": _event(ingester, log, Outcome.DELIVERED)}
        updates: Counter[str] = Counter()
        for _ in range(_UPDATES):
            log.commit(minute)
            updates += _event(ingester, log, Outcome.DELIVERED)
        events["update"] = {kind: count / _UPDATES for kind, count in updates.items()}
        log.commit(minute)
        events["update, not known"] = _event(other, log, Outcome.DELIVERED)
        log.commit(minute)
        events["update, older known"] = _event(ingester, log, Outcome.DELIVERED)
        events["nothing new"] = _event(ingester, log, Outcome.NOTHING_NEW)
        events["nothing new, not known"] = _event(_process(parts), log, Outcome.NOTHING_NEW)
        events["nothing new, older known"] = _event(other, log, Outcome.NOTHING_NEW)
        events["held"] = _held(parts, log, minute)
        list(ingester.sweep())  # the first one writes the watermark
        sweeps = {f"{count} blobs": _sweep(parts, ingester, count, minute) for count in _SWEPT}
    blob_writes = sum(count for kind, count in updates.items() if kind.startswith("write:"))
    return report.Result(
        _CLAIM,
        (
            report.Figure("storage operations an update", updates.total() / _UPDATES, at_most=4),
            report.Figure("of them blob writes", blob_writes / _UPDATES, at_most=0),
            report.Figure("an update, not known here", sum(events["update, not known"].values()), at_most=5),
            report.Figure("an update, an older state known", sum(events["update, older known"].values()), at_most=7),
            report.Figure("nothing new", sum(events["nothing new"].values()), at_most=1),
            report.Figure("nothing new, not known here", sum(events["nothing new, not known"].values()), at_most=2),
            report.Figure(
                "nothing new, an older state known", sum(events["nothing new, older known"].values()), at_most=3
            ),
        ),
        (_table("operations an event", events), _table("operations a sweep", sweeps)),
    )


def _process(parts: Stage) -> Ingester:
    ingester = parts.ingester()
    for kind in LogKind:
        ingester.horizon.oldest(kind)  # is asked for once a process
    return ingester


def _held(parts: Stage, log: GrowingLog, minute: bytes) -> Counter[str]:
    claims = parts.services().claims
    known = claims.known(log.log)
    if known is None:
        raise AssertionError(log)
    ingester = _process(parts)
    claim, _ = claims.claim(log.log, known)
    log.commit(minute)
    counts = _event(ingester, log, Outcome.HELD_ELSEWHERE)
    claim.abandon()
    return counts


def _event(ingester: Ingester, log: GrowingLog, expected: Outcome) -> Counter[str]:
    with storage_requests() as made:
        deliver(ingester, log.log, expected)
    return Counter(request.kind for request in made)


def _sweep(parts: Stage, ingester: Ingester, blobs: int, minute: bytes) -> Counter[str]:
    for number in range(blobs):
        log = parts.new_log(blobs + number)
        log.commit(minute)
        deliver(ingester, log.log)
    with storage_requests() as made:
        looked_into = list(ingester.sweep())
    if looked_into:
        raise RuntimeError(f"The sweep found something to do: {looked_into}")
    return Counter(request.kind for request in made)


def _table(heading: str, counts: Mapping[str, Counts]) -> report.Table:
    kinds = sorted({kind for counted in counts.values() for kind in counted})
    rows: list[tuple[report.Cell, ...]] = [(kind, *(each.get(kind, 0) for each in counts.values())) for kind in kinds]
    rows.append(("all", *(sum(each.values()) for each in counts.values())))
    return report.Table((heading, *counts), tuple(rows))


if __name__ == "__main__":
    report.main("operations", measure)
