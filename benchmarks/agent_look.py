"""One reading of the connection table in its own process: `python -m benchmarks.agent_look`. Prints what it cost."""

import json
import resource
import sys
from pathlib import Path
from typing import NamedTuple

from agent.flows.connections import Tracker
from agent.flows.grouping import Gathering
from agent.flows.record import to_lines
from agent.sockets.table import ephemeral_ports, read_snapshot


class Took(NamedTuple):
    """What one reading took.

    Attributes:
        sockets: Lines of the table.
        counted: How many of them with what the kernel counted.
        reading: CPU seconds to read the table, those of `ss` included.
        telling: CPU seconds to tell flows from it and write them down.
        records: How many flows that were.
        megabytes: The most memory that the process had resident, Python and all.
    """

    sockets: int
    counted: int
    reading: float
    telling: float
    records: int
    megabytes: float


def _main() -> None:
    tracker, gathering = Tracker(ephemeral_ports()), Gathering()
    tracker.observe(read_snapshot(0)._replace(sockets=()))
    begin = _cpu()
    snapshot = read_snapshot(30_000)
    read = _cpu()
    gathering.add(0, tracker.observe(snapshot))
    to_lines(gathering.records("vm"))
    told = _cpu()
    counted = sum(socket.counters is not None for socket in snapshot.sockets)
    took = Took(len(snapshot.sockets), counted, read - begin, told - read, len(gathering), _peak() / 1000)
    json.dump(took._asdict(), sys.stdout)


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak() -> int:
    """Return the peak in kilobytes. Not from ru_maxrss, which includes the process that this one was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    _main()
