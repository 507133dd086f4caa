"""How fast a backlog goes through, from committed blocks to the gateway's answers, at two latencies of the gateway."""

import statistics
import time
from itertools import batched, product

from benchmarks import report, synthetic
from benchmarks.stage import GrowingLog, Stage, deliver, stage
from shared.delivery.batch import Part
from shared.flowlog import decode
from shared.ingester import Ingester

_TUPLES = 400_000
_ROUNDS = 5
_LATENCIES = (0, 30)
_IN_FLIGHT = (1, 4)
_RECORDS_A_POST = 10_000

_CLAIM = (
    f"A backlog of {_TUPLES:,} tuples (NSG version 2, dense, blocks of about 1 MB) is read from Azurite, decoded and "
    "posted, 1 and 4 posts in flight; pure is the same decoding and compressing of the same blocks in memory, on one "
    f"core. Medians of {_ROUNDS} interleaved rounds."
)


def measure() -> report.Result:
    """Measure every way to post, interleaved."""
    blocks = synthetic.ranges(synthetic.Traffic(synthetic.Shape.NSG, _TUPLES))
    ways = list(product(_LATENCIES, _IN_FLIGHT))
    seconds: dict[tuple[int, int], list[float]] = {way: [] for way in ways}
    pure: list[float] = []
    with stage() as parts:
        log = parts.new_log(1)
        log.commit(*blocks)
        ingesters = {way: parts.ingester(latency_ms=way[0], posts_in_flight=way[1]) for way in ways}
        for _ in range(_ROUNDS):
            pure.append(_pure(blocks))
            for way in ways:
                seconds[way].append(_deliver(parts, ingesters[way], log))
    fastest = _TUPLES / statistics.median(pure)
    speed = {way: _TUPLES / statistics.median(seconds[way]) for way in ways}
    return report.Result(
        claim=_CLAIM,
        figures=tuple(
            report.Figure(f"4 in flight against 1, {latency} ms", speed[latency, 4] / speed[latency, 1], "x")
            for latency in _LATENCIES
        )
        + tuple(
            report.Figure(f"4 in flight against pure, {latency} ms", speed[latency, 4] / fastest, "x")
            for latency in _LATENCIES
        ),
        tables=(
            report.Table(
                ("gateway's latency (ms)", "posts in flight", "tuples/s", "of pure"),
                (
                    *(
                        (latency, posts, speed[latency, posts], speed[latency, posts] / fastest)
                        for latency, posts in ways
                    ),
                    ("pure", "", fastest, 1.0),
                ),
            ),
        ),
    )


def _pure(blocks: list[bytes]) -> float:
    begun = time.perf_counter()
    for block in blocks:
        for number, lines in enumerate(batched(decode(block).lines, _RECORDS_A_POST, strict=False)):
            Part((number,), lines).body()
    return time.perf_counter() - begun


def _deliver(parts: Stage, ingester: Ingester, log: GrowingLog) -> float:
    ingester.checkpoints.delete(log.log)
    before = parts.gateway.taken().records
    begun = time.perf_counter()
    deliver(ingester, log.log)
    seconds = time.perf_counter() - begun
    if parts.gateway.taken().records - before != _TUPLES:
        raise RuntimeError("The gateway took another number of records than there are.")
    return seconds


if __name__ == "__main__":
    report.main("posting", measure)
