"""How much memory the delivery of a long backlog takes, above what the imports take."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import batched, cycle, islice
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from benchmarks import report
from benchmarks.peak import Peak
from benchmarks.stage import GrowingLog, Stage, stage
from benchmarks.synthetic import Shape, Traffic, ranges

_MB = 1_000_000
_CLAIM = (
    "A backlog (NSG version 2, dense) lies in Azurite, and a process with the function app's imports delivers it. "
    "Measured is that process's own peak of resident memory, less what was resident after its imports."
)

type _Write = Callable[[Stage, GrowingLog], None]


def measure() -> report.Result:
    """Deliver each backlog in a process of its own."""
    megabytes = ranges(Traffic(Shape.NSG, 8 * 15_000))[:-1]  # the last one is short
    backlogs: dict[str, _Write] = {
        "1 GB in blocks of 1 MB": lambda _, log: _blocks(log, megabytes, 1000),
        "100 MB in blocks of 4 MB": lambda _, log: _blocks(log, [b"".join(megabytes[:4])], 25),
        "100 MB in one block": lambda _, log: _blocks(log, [_repeated(megabytes, 100)], 1),
        "100 MB without blocks": lambda parts, log: _without_blocks(parts, log, _repeated(megabytes, 100)),
    }
    rows: list[tuple[report.Cell, ...]] = []
    figures = []
    with tempfile.TemporaryDirectory(prefix="backlog-") as directory, stage(Path(directory)) as parts:
        for number, (name, write) in enumerate(backlogs.items()):
            log = parts.new_log(number)
            write(parts, log)
            peak = _delivered_apart(parts, log)
            above = (peak.most - peak.imports) / _MB
            figures.append(report.Figure(name, above, "MB", at_most=64))
            speed = peak.tuples / peak.milliseconds * 1000
            rows.append((name, peak.tuples, peak.imports / _MB, peak.most / _MB, above, speed))
    columns = ("backlog", "tuples", "imports (MB)", "peak (MB)", "above (MB)", "tuples/s")
    return report.Result(_CLAIM, tuple(figures), (report.Table(columns, tuple(rows)),))


def _blocks(log: GrowingLog, blocks: list[bytes], count: int) -> None:
    for some in batched(islice(cycle(blocks), count), 25, strict=False):
        log.commit(*some)


def _repeated(blocks: list[bytes], count: int) -> bytes:
    return b"".join(islice(cycle(blocks), count))


def _without_blocks(parts: Stage, log: GrowingLog, records: bytes) -> None:
    data = b'{"records":[' + records[1:] + b"]}"
    # Anything longer than this the library would write by blocks.
    service = BlobServiceClient.from_connection_string(parts.logs.connection_string, max_single_put_size=len(data))
    service.get_blob_client(log.log.kind.container, log.log.name).upload_blob(data)


def _delivered_apart(parts: Stage, log: GrowingLog) -> Peak:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak", log.log.kind.container, log.log.name],
        env=os.environ | parts.environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Peak(**json.loads(done.stdout))


if __name__ == "__main__":
    report.main("memory", measure)
