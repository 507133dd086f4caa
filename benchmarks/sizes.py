"""How an instance of each size keeps up: the lag of a hundred NICs, and how long a backlog takes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from benchmarks import report
from benchmarks.costs import HOST_SHARE, SIZES, Size
from benchmarks.limited import Limit, limited
from benchmarks.stage import GrowingLog, Stage, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.delivery.report import Outcome

_NICS: Final = 100
_MINUTES: Final = 3
_LATENCY_MS: Final = 30
_APART_SECONDS: Final = 10.0
"""The commits of a minute come in a burst. How long it is, is not known: at once is the worst, this is gentler."""
_BACKLOGS: Final = 4
"""As many as one instance works on at once: `maxDegreeOfParallelism` in host.json."""
_BACKLOG_MB: Final = 24
_BLOCK_MB: Final = 4
"""Blocks of 4 MB take the most memory: larger ones take no more, smaller ones less."""
ARENAS: Final = {"MALLOC_ARENA_MAX": "2"}
"""As the Terraform module sets it, which a test holds to be so."""
_GB_IN_MB: Final = 1000
HOST_MEMORY_MB: Final = 350
"""Assumed: the Functions host and the worker's own share of an instance's memory. Users measured 180 MB for a host that
has the functions in its own process (github.com/Azure/Azure-Functions, issue 1810), and 300 MB for one with a .NET
worker beside it (github.com/Azure/azure-functions-host, issue 9567); 50 MB are for what the Python worker adds to the
library that is measured here."""
_MOST_LAG: Final = 5.0
_MOST_BACKLOG_MINUTES: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Kept:
    # How one size kept up. Lags are from an event until its records are with the gateway, in seconds.
    at_once: Sequence[float]
    apart: Sequence[float]
    backlog_minutes: float
    peak_mb: float


def measure() -> report.Result:
    """Measure each size in turn."""
    kept, method = dict[Size, _Kept](), ""
    with stage() as parts:
        for number, size in enumerate(SIZES):
            with limited(size.cores * (1 - HOST_SHARE)) as limit:
                method = limit.method
                kept[size] = _measured(parts, limit, number * (_NICS + _BACKLOGS))
    smallest = SIZES[0]
    least = kept[smallest]
    name = f"{smallest.megabytes:,} MB"
    cores = ", ".join(f"{size.cores:g}" for size in SIZES)
    claim = (
        f"A process of the function app has {cores} cores less {HOST_SHARE:.0%} for the Functions host, by {method}. "
        f"{_NICS} NICs bring a commit a minute, {_MINUTES} minutes all at once and {_MINUTES} within "
        f"{_APART_SECONDS:g} s; the lag is from an event until its records are with the gateway, which takes "
        f"{_LATENCY_MS} ms. A backlog of {_BACKLOGS} logs at once, {_BACKLOG_MB} MB each in blocks of {_BLOCK_MB} MB, "
        f"as minutes for 1 GB. Memory is the process's own peak beside {HOST_MEMORY_MB} MB for host and worker."
    )
    return report.Result(
        claim,
        (
            report.Figure(f"most lag at once, {name}", max(least.at_once), "s", at_most=_MOST_LAG),
            report.Figure(f"1 GB of backlog, {name}", least.backlog_minutes, "min", at_most=_MOST_BACKLOG_MINUTES),
            report.Figure(f"memory, {name}", least.peak_mb + HOST_MEMORY_MB, "MB", at_most=smallest.megabytes),
        ),
        (_table(kept),),
    )


def _table(kept: Mapping[Size, _Kept]) -> report.Table:
    columns = (
        "instance (MB)",
        "cores",
        "at once: p50 (s)",
        "p95",
        "most",
        f"in {_APART_SECONDS:g} s: p50",
        "p95",
        "most",
        "1 GB (min)",
        "peak (MB)",
    )
    rows = [
        (
            size.megabytes,
            size.cores,
            *_percentiles(each.at_once),
            *_percentiles(each.apart),
            each.backlog_minutes,
            each.peak_mb,
        )
        for size, each in kept.items()
    ]
    return report.Table(columns, tuple(rows))


def _percentiles(values: Sequence[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    return tuple(ordered[(len(ordered) - 1) * part // 100] for part in (50, 95, 100))


def _measured(parts: Stage, limit: Limit, first: int) -> _Kept:
    minute, megabytes = ranges(Traffic(Shape.NSG, 1))[0], ranges(Traffic(Shape.NSG, 5 * 15_000))[:_BLOCK_MB]
    logs = [parts.new_log(first + number) for number in range(_NICS)]
    backlogs = [parts.new_log(first + _NICS + number) for number in range(_BACKLOGS)]
    for log in backlogs:
        log.commit(*repeat(b"".join(megabytes), _BACKLOG_MB // _BLOCK_MB))
    with _instance(parts, limit) as instance:
        for log in logs:
            log.commit(minute)
        instance.lags(logs)  # their first commits, which each process has once
        at_once = [lag for _ in range(_MINUTES) for lag in instance.lags(logs, minute)]
        apart = [lag for _ in range(_MINUTES) for lag in instance.lags(logs, minute, _APART_SECONDS / _NICS)]
        seconds = max(instance.lags(backlogs))
        peak = instance.end()
    return _Kept(at_once, apart, seconds * _GB_IN_MB / (_BACKLOGS * _BACKLOG_MB) / 60, peak / 1e6)


@dataclass(frozen=True, slots=True)
class _Instance:
    process: subprocess.Popen[str]

    def lags(self, logs: Sequence[GrowingLog], block: bytes = b"", apart: float = 0.0) -> list[float]:
        """Commit a block to each log, then tell of the commits; return how long each took from then on."""
        if block:
            for log in logs:
                log.commit(block)
        told, begun = dict[str, float](), time.monotonic()
        for number, log in enumerate(logs):
            time.sleep(max(0.0, begun + number * apart - time.monotonic()))
            told[log.log.name] = time.monotonic()
            self._tell(f"{log.log.kind.container}\t{log.log.name}\n")
        return [self._done(told) for _ in logs]

    def end(self) -> int:
        """Let the process end; return the most memory that it had, in bytes."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return int(self._said()["peak"])

    def _tell(self, line: str) -> None:
        if self.process.stdin is None:
            raise AssertionError
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def _done(self, told: Mapping[str, float]) -> float:
        said = self._said()
        if said["outcome"] != Outcome.DELIVERED.code:
            raise RuntimeError(f"{said['name']}: {said['outcome']}")
        return float(said["done"]) - told[said["name"]]

    def _said(self) -> dict[str, str]:
        if self.process.stdout is None or not (line := self.process.stdout.readline()):
            raise RuntimeError("The process of the function app ended.")
        return dict(json.loads(line))


@contextmanager
def _instance(parts: Stage, limit: Limit) -> Iterator[_Instance]:
    process = subprocess.Popen(
        [*limit.prefix, sys.executable, "-m", "benchmarks.instance"],
        env=os.environ | parts.environment(latency_ms=_LATENCY_MS) | ARENAS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _Instance(process)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    report.main("sizes", measure)
