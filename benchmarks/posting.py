"""How fast a backlog goes through, from committed blocks to the gateway's answers, at two latencies of the gateway."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched, product
from statistics import median

from benchmarks import report
from benchmarks.stage import GrowingLog, Stage, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.clock import Deadline
from shared.delivery.batch import Batch
from shared.delivery.worker import BUDGET_SECONDS
from shared.flowlog import decode
from shared.ingester import Ingester

_TUPLES = 400_000
_ROUNDS = 5
_LATENCIES = (0, 30)
_IN_FLIGHT = (1, 4)
_RECORDS_A_POST = 10_000
_OF_PURE = 0.8

_CLAIM = (
    f"A backlog of {_TUPLES:,} tuples (NSG version 2, dense, blocks of about 1 MB) is read from Azurite, decoded and "
    "posted, 1 and 4 posts in flight; pure is the same decoding and compressing of the same blocks in memory, on one "
    f"core. Medians of {_ROUNDS} interleaved rounds."
)


@dataclass(frozen=True, slots=True)
class _Run:
    # Seconds on the clock, and of this process's CPU.
    wall: float
    cpu: float

    @property
    def speed(self) -> float:
        return _TUPLES / self.wall


def measure() -> report.Result:
    """Measure every way to post, interleaved."""
    blocks = ranges(Traffic(Shape.NSG, _TUPLES))
    ways = list(product(_LATENCIES, _IN_FLIGHT))
    runs: dict[tuple[int, int], list[_Run]] = {way: [] for way in ways}
    pure_runs: list[_Run] = []
    with stage() as parts:
        log = parts.new_log(1)
        log.commit(*blocks)
        ingesters = {way: parts.ingester(latency_ms=way[0], posts_in_flight=way[1]) for way in ways}
        for _ in range(_ROUNDS):
            pure_runs.append(_timed(lambda: _decode_and_compress(blocks)))
            for way in ways:
                runs[way].append(_delivery(parts, ingesters[way], log))
    pure, run = _median(pure_runs), {way: _median(runs[way]) for way in ways}
    figures = []
    for latency in _LATENCIES:
        one, four = run[latency, 1], run[latency, 4]
        figures.append(report.Figure(f"4 in flight against 1, {latency} ms", four.speed / one.speed, "x"))
        target = _OF_PURE if latency else None
        figures.append(
            report.Figure(f"4 in flight against pure, {latency} ms", four.speed / pure.speed, "x", at_least=target)
        )
    rows: list[tuple[report.Cell, ...]] = [(*way, *_cells(run[way], pure)) for way in ways]
    rows.append(("pure", "", *_cells(pure, pure)))
    columns = ("gateway's latency (ms)", "posts in flight", "tuples/s", "of pure", "CPU us a tuple")
    return report.Result(_CLAIM, tuple(figures), (report.Table(columns, tuple(rows)),))


def _cells(run: _Run, pure: _Run) -> tuple[float, float, float]:
    return run.speed, run.speed / pure.speed, run.cpu / _TUPLES * 1e6


def _median(runs: list[_Run]) -> _Run:
    return _Run(median(run.wall for run in runs), median(run.cpu for run in runs))


def _timed(action: Callable[[], object]) -> _Run:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return _Run(time.perf_counter() - wall, time.process_time() - cpu)


def _decode_and_compress(blocks: list[bytes]) -> None:
    for block in blocks:
        for number, lines in enumerate(batched(decode(block).lines, _RECORDS_A_POST, strict=False)):
            Batch((number,), lines).body()


def _delivery(parts: Stage, ingester: Ingester, log: GrowingLog) -> _Run:
    parts.forget(log.log)
    before = parts.gateway.taken().records
    run = _timed(lambda: ingester.worker.deliver(log.log, Deadline(ingester.clock, BUDGET_SECONDS)))
    if parts.gateway.taken().records - before != _TUPLES:
        raise RuntimeError("The gateway accepted a different number of records than there are.")
    return run


if __name__ == "__main__":
    report.main("posting", measure)
