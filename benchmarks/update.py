"""What one update costs: an event that brings one new flow record."""

import logging
import statistics
import time

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import deliver, stage
from benchmarks.synthetic import Shape, Traffic, ranges
from shared.clock import SystemClock
from shared.delivery.lines import Lines
from shared.delivery.report import Report

_UPDATES = 100
_NICS = 100
_LOG_BYTES = 100
_CLAIM = (
    f"One process acts on {_UPDATES} events in turn, each of which tells of one new flow record. CPU is this process's "
    "own; storage and the gateway are other processes on the same machine, so their time is in the wall time alone. "
    f"Log bytes are what is handed to the host, an update, if {_NICS} NICs bring one a minute each."
)


def measure() -> report.Result:
    """Measure one update after the other."""
    block = ranges(Traffic(Shape.NSG, 1))[0]
    wall, cpu, storage, reports = [], [], [], []
    with stage() as parts:
        ingester, log = parts.ingester(), parts.new_log(0)
        log.commit(block)
        deliver(ingester, log.log)
        for _ in range(_UPDATES):
            log.commit(block)
            with storage_requests() as made:
                wall_begun, cpu_begun = time.perf_counter(), time.process_time()
                reports.append(deliver(ingester, log.log))
                cpu.append(time.process_time() - cpu_begun)
                wall.append(time.perf_counter() - wall_begun)
            storage.append(sum(request.seconds for request in made))
    milliseconds = {
        "wall": statistics.median(wall) * 1000,
        "of it in storage requests": statistics.median(storage) * 1000,
        "CPU": statistics.median(cpu) * 1000,
    }
    figures = [report.Figure(name, value, "ms") for name, value in milliseconds.items()]
    for each, name in ((False, "log bytes, summaries"), (True, "log bytes, a line each")):
        most = None if each else _LOG_BYTES
        figures.append(report.Figure(name, _log_bytes(reports, each=each) / _UPDATES, "B", at_most=most))
    return report.Result(_CLAIM, tuple(figures))


def _log_bytes(reports: list[Report], *, each: bool) -> int:
    # As 100 NICs have them, one a minute and NIC.
    clock, lines = _Steps(), list[str]()
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("sluice")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        told = Lines(clock, each=each)
        for made in reports:
            clock.time += 60 / _NICS
            told.log(made)
    finally:
        logger.removeHandler(handler)
    return sum(map(len, lines))


class _Steps(SystemClock):
    # A clock that only moves when it is moved.
    time = 0.0

    def monotonic(self) -> float:
        return self.time


if __name__ == "__main__":
    report.main("update", measure)
