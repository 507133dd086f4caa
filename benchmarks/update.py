"""What one update costs: an event that brings one new flow record."""

import statistics
import time

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import deliver, stage
from benchmarks.synthetic import Shape, Traffic, ranges

_UPDATES = 100
_CLAIM = (
    f"One process acts on {_UPDATES} events in turn, each of which tells of one new flow record. CPU is this process's "
    "own; storage and the gateway are other processes on the same machine, so their time is in the wall time alone."
)


def measure() -> report.Result:
    """Measure one update after the other."""
    block = ranges(Traffic(Shape.NSG, 1))[0]
    wall, cpu, storage = [], [], []
    with stage() as parts:
        ingester, log = parts.ingester(), parts.new_log(0)
        log.commit(block)
        deliver(ingester, log.log)
        for _ in range(_UPDATES):
            log.commit(block)
            with storage_requests() as made:
                wall_begun, cpu_begun = time.perf_counter(), time.process_time()
                deliver(ingester, log.log)
                cpu.append(time.process_time() - cpu_begun)
                wall.append(time.perf_counter() - wall_begun)
            storage.append(sum(request.seconds for request in made))
    milliseconds = {
        "wall": statistics.median(wall) * 1000,
        "of it in storage requests": statistics.median(storage) * 1000,
        "CPU": statistics.median(cpu) * 1000,
    }
    return report.Result(_CLAIM, tuple(report.Figure(name, value, "ms") for name, value in milliseconds.items()))


if __name__ == "__main__":
    report.main("update", measure)
