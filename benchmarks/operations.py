"""How many storage operations each thing that happens costs, by kind."""

from collections import Counter
from collections.abc import Mapping

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import GrowingLog, Stage, deliver, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.delivery.report import Outcome
from shared.ingester import Ingester

_UPDATES = 59
_SWEPT = (10, 100)
_CLAIM = (
    "Requests to storage, counted where azure-core hands them to HTTP: for the first event of a log blob, for each of "
    f"the {_UPDATES} that follow in its hour, for one that brings nothing new, for one that finds the blob held, and "
    "for a sweep over log blobs of this hour that are all delivered."
)

type Counts = Mapping[str, float]


def measure() -> report.Result:
    """Count the operations of events and of sweeps."""
    minute = ranges(Traffic(Shape.NSG, 5, tuples_a_record=5))[0]
    with stage() as parts:
        ingester = parts.ingester()
        log = parts.new_log(0)
        ingester.horizon.oldest(log.log.kind)  # is asked for once a process
        log.commit(minute)
        events: dict[str, Counts] = {"first": _event(ingester, log, Outcome.DELIVERED)}
        updates: Counter[str] = Counter()
        for _ in range(_UPDATES):
            log.commit(minute)
            updates += _event(ingester, log, Outcome.DELIVERED)
        events["update"] = {kind: count / _UPDATES for kind, count in updates.items()}
        events["nothing new"] = _event(ingester, log, Outcome.NOTHING_NEW)
        with ingester.checkpoints.hold(log.log):
            events["held"] = _event(ingester, log, Outcome.HELD_ELSEWHERE)
        list(ingester.sweep())  # the first one writes the watermark
        sweeps = {f"{count} blobs": _sweep(parts, ingester, count, minute) for count in _SWEPT}
    writes = sum(count for kind, count in updates.items() if kind.startswith("write"))
    return report.Result(
        _CLAIM,
        (
            report.Figure("storage operations an update", updates.total() / _UPDATES, at_most=8),
            report.Figure("of them writes", writes / _UPDATES, at_most=1),
        ),
        (_table("operations an event", events), _table("operations a sweep", sweeps)),
    )


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
