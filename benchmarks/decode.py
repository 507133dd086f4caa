"""How fast bytes of new blocks become gzipped flow records, against the naive pipeline and the floor, on one core."""

import gzip
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched

import orjson
from isal import igzip

from benchmarks import naive, report
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.delivery.batch import Batch
from shared.flowlog import decode

_ROUNDS = 9
_RECORDS_A_POST = 10_000
_CLAIM = (
    "Bytes of new blocks, in ranges of about 1 MB, become validated flow records in gzip, on one pinned core, in CPU "
    f"time: medians of {_ROUNDS} interleaved rounds. Naive is json, a dict a tuple, ipaddress and zlib's level 6; ours "
    "is what delivery does, with isal's level 1; the floor is orjson.loads, one copy of the output and isal's level 1. "
    "The records and the tuples set aside are proven equal to naive's, and in its order, in the same run."
)

type _Pipeline = Callable[[list[bytes]], object]


@dataclass(frozen=True, slots=True)
class _Log:
    name: str
    traffic: Traffic
    times_naive: float
    """The target."""


_LOGS = (
    _Log("NSG v2, dense", Traffic(Shape.NSG, 40_000), 6.5),
    _Log("VNet, dense", Traffic(Shape.VNET, 40_000), 6.5),
    _Log("NSG v2, sparse", Traffic(Shape.NSG, 20_000, tuples_a_record=2), 4.5),
    _Log("VNet, sparse", Traffic(Shape.VNET, 20_000, tuples_a_record=2), 4.5),
    _Log("NSG v2, 1 % bad", Traffic(Shape.NSG, 40_000, bad=0.01), 5.0),
    _Log("VNet, 1 % bad", Traffic(Shape.VNET, 40_000, bad=0.01), 5.0),
)


def measure() -> report.Result:
    """Measure every log in turn.

    Raises:
        AssertionError: If ours and naive give different records.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    figures, rows = [], []
    for log in _LOGS:
        data = ranges(log.traffic)
        _prove_equal(data)
        pipelines: dict[str, _Pipeline] = {
            "naive": _naive,
            "ours": _ours,
            "equal gzip": _ours_at_equal_gzip,
            "floor": _floor(data),
        }
        seconds = _seconds(pipelines, data)
        us = {name: statistics.median(times) * 1e6 / log.traffic.tuples for name, times in seconds.items()}
        times_naive = {name: _median_ratio(seconds["naive"], times) for name, times in seconds.items()}
        figures.append(report.Figure(f"{log.name}: ours against naive", times_naive["ours"], "x", log.times_naive))
        rows.append((log.name, *us.values(), times_naive["ours"], times_naive["equal gzip"], times_naive["floor"]))
    columns = ("us a tuple", "naive", "ours", "equal gzip", "floor", "ours: x naive", "equal gzip: x", "floor: x")
    return report.Result(_CLAIM, tuple(figures), (report.Table(columns, tuple(rows)),))


def _seconds(pipelines: dict[str, _Pipeline], data: list[bytes]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in pipelines}
    for _ in range(_ROUNDS):
        for name, pipeline in pipelines.items():
            start = time.process_time()
            pipeline(data)
            seconds[name].append(time.process_time() - start)
    return seconds


def _median_ratio(longer: list[float], shorter: list[float]) -> float:
    """Return the median over the rounds, so that whatever else the machine does in a round weighs on both."""
    return statistics.median(one / other for one, other in zip(longer, shorter, strict=True))


def _naive(data: list[bytes]) -> None:
    for each in data:
        naive.run(each)


def _ours(data: list[bytes]) -> None:
    for each in data:
        for lines in batched(decode(each).lines, _RECORDS_A_POST, strict=False):
            Batch((0,), lines).body()


def _ours_at_equal_gzip(data: list[bytes]) -> None:
    for each in data:
        for lines in batched(decode(each).lines, _RECORDS_A_POST, strict=False):
            gzip.compress("\n".join([*lines, ""]).encode(), compresslevel=6)


def _floor(data: list[bytes]) -> _Pipeline:
    outputs = [gzip.decompress(naive.run(each)[0]) for each in data]

    def run(data: list[bytes]) -> None:
        for each, output in zip(data, outputs, strict=True):
            orjson.loads(b"[%b]" % each.strip(b","))
            igzip.compress(bytearray(output), 1)

    return run


def _prove_equal(data: list[bytes]) -> None:
    for each in data:
        decoded = decode(each)
        body, bad = naive.run(each)
        ours = [Batch((0,), lines).body() for lines in batched(decoded.lines, _RECORDS_A_POST, strict=False)]
        if gzip.decompress(b"".join(ours)) != gzip.decompress(body):
            raise AssertionError("Naive and ours give different records.")
        if [item.raw.decode() for item in decoded.set_aside] != bad:
            raise AssertionError("Naive and ours set different tuples aside.")


if __name__ == "__main__":
    report.main("decode", measure)
