"""What a reading by the agent costs on a busy machine, and how many short connections it sees."""

import json
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from agent.flows.connections import Tracker
from agent.sockets.table import ephemeral_ports, read_snapshot
from benchmarks import report
from benchmarks.agent_look import Took

_SOCKETS = 10_000
_LOOKS = 5
_SHORT, _SHORT_SECONDS, _EVERY_SECONDS, _INTERVALS = 224, 0.05, 10.0, 2
_CLAIM = (
    "The connection table has ten thousand sockets more than usual; a separate process reads it (CPU time includes "
    "ss), turns it into flows and writes them (the median of five). Then 224 connections of 50 ms, spread over 20 "
    "seconds, while the agent reads every 10 seconds."
)


def measure() -> report.Result:
    """Measure readings of a full table, and of short connections."""
    with _connections(_SOCKETS // 2):
        looks = [_look_apart() for _ in range(_LOOKS)]
    seen = _short_connections()
    reading = statistics.median(look.reading for look in looks)
    memory = statistics.median(look.megabytes for look in looks)
    figures = (
        report.Figure("one snapshot of 10,000 sockets", reading, "s of CPU", at_most=0.3),
        report.Figure("memory of the process at its peak", memory, "MB", at_most=40),
        report.Figure("connections of 50 ms that were seen, of 224", seen, at_least=_SHORT),
    )
    columns = ("sockets", "with counters", "read (s of CPU)", "told (s of CPU)", "flows", "peak (MB)")
    rows = tuple(
        (look.sockets, look.counted, look.reading, look.telling, look.records, look.megabytes) for look in looks
    )
    return report.Result(_CLAIM, figures, (report.Table(columns, rows),))


@contextmanager
def _connections(count: int) -> Iterator[None]:
    """Hold connections open, each of which is two sockets of the table."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with ExitStack() as opened:
            listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
            for _ in range(count):
                opened.enter_context(socket.create_connection(listener.getsockname()))
                opened.enter_context(listener.accept()[0])
            yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _look_apart() -> Took:
    done = subprocess.run([sys.executable, "-m", "benchmarks.agent_look"], stdout=subprocess.PIPE, check=True)
    return Took(**json.loads(done.stdout))


def _short_connections() -> int:
    """Return how many of some short connections were counted, each once."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        tracker = Tracker(ephemeral_ports())
        tracker.observe(read_snapshot(_now()))
        answering = threading.Thread(target=_answer, args=(listener,), daemon=True)
        calling = threading.Thread(target=_call, args=(port,))
        answering.start()
        calling.start()
        begin, seen = time.monotonic(), 0
        for interval in range(1, _INTERVALS + 1):
            time.sleep(begin + interval * _EVERY_SECONDS - time.monotonic())
            # The machine sees both ends of its own connections: those that called are counted.
            changes = tracker.observe(read_snapshot(_now()))
            seen += sum(change.established for change in changes if change.key.remote.port == port)
        calling.join()
    return seen


def _call(port: int) -> None:
    begin, pause = time.monotonic(), (_EVERY_SECONDS * _INTERVALS - 2) / _SHORT
    for number in range(_SHORT):
        time.sleep(max(0.0, begin + number * pause - time.monotonic()))
        # On loopback Linux gives a port out again after a second, which no table can tell from the one before; but it
        # gives none that it still remembers to whoever binds before connecting.
        with socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.1", 0)):
            time.sleep(_SHORT_SECONDS)


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(1)  # until the other side closes, which therefore remembers it


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    report.main("agent", measure)
