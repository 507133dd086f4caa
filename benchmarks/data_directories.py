"""What is done to a data directory of ten million flow records: a backup under load, a restore, an upgrade."""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import requests

from benchmarks import report
from benchmarks.many_records import fill
from benchmarks.resident import peak_of
from benchmarks.synthetic import Shape, Traffic, ranges
from benchmarks.visitor import Visitor, visiting
from dev.gateway.local import Customer, GatewayProcess, new_customer
from gateway.stores.stores import open_database
from shared.delivery.batch import Batch
from shared.flowlog import decode

_RECORDS = 10_000_000
_RECORDS_A_POST = 1_000
_PAGES = ("/?range=all", "/traffic?range=all", "/top?range=all&by=rule")
_ROOT = Path(__file__).resolve().parent.parent
_CLAIM = (
    f"A data directory of {_RECORDS:,} flow records is backed up while its gateway takes posts of {_RECORDS_A_POST:,} "
    "records, one after another, and pages of the console are open; then the backup is restored, and a step of an "
    "upgrade gives every record one more column, with the copy that is made before. Peak memory is that of the "
    "gateway's process before and after the backup, and of the other two's."
)
_QUIET: Final = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
_UPGRADE: Final = """
import sys
from dataclasses import replace
from pathlib import Path
from gateway.stores.duckdb import schema as records_schema
from gateway.stores.migrations import Step
step = Step("a column of the records", ("ALTER TABLE records ADD COLUMN measured BOOLEAN DEFAULT true",))
records_schema.SCHEMA = replace(records_schema.SCHEMA, steps=(*records_schema.SCHEMA.steps, step))
from gateway.stores.upgrade import upgrade
upgrade(Path(sys.argv[1]), print)
"""


@dataclass(frozen=True, slots=True)
class _Run:
    # Of a command: seconds, and resident memory at most, in bytes.
    seconds: float
    peak: int


def measure() -> report.Result:
    """Measure a backup of a gateway that serves, and its restore."""
    with tempfile.TemporaryDirectory() as folder:
        data, backup = Path(folder) / "data", Path(folder) / "backup"
        with contextlib.closing(open_database(data)) as database:
            customer = new_customer(database, "benchmark")
        fill(data / "records.duckdb", customer.number, _RECORDS)
        size = (data / "records.duckdb").stat().st_size
        with GatewayProcess(data) as gateway:
            before = _load(gateway, customer, seconds=5)
            peak_before = peak_of(gateway.pid)
            with _posting(gateway, customer) as during, visiting(Visitor(gateway.url, customer), _PAGES, pause=0.1):
                made = _command("-m", "gateway", "backup", "--data", str(data), str(backup))
            peak_after = peak_of(gateway.pid)
        restored = _command("-m", "gateway", "restore", str(backup), "--data", str(Path(folder) / "restored"))
        upgraded = _command("-c", _UPGRADE, str(Path(folder) / "restored"))
    return report.Result(
        _CLAIM,
        (
            report.Figure("longest post during the backup", max(during), "s", at_most=2),
            report.Figure("peak memory of the gateway", peak_after / 1e6, "MB", at_most=2000),
            report.Figure("peak memory of the restore", restored.peak / 1e6, "MB", at_most=700),
            report.Figure("peak memory of the upgrade", upgraded.peak / 1e6, "MB", at_most=700),
            report.Figure("longest post during the backup, against the time before", max(during) / max(before), "x"),
        ),
        (
            report.Table(
                ("step", "s", "million records/s", "peak memory, MB"),
                (
                    ("serving, before the backup", 5.0, "", peak_before / 1e6),
                    ("backup", made.seconds, _RECORDS / made.seconds / 1e6, peak_after / 1e6),
                    ("restore", restored.seconds, _RECORDS / restored.seconds / 1e6, restored.peak / 1e6),
                    ("upgrade", upgraded.seconds, _RECORDS / upgraded.seconds / 1e6, upgraded.peak / 1e6),
                ),
            ),
            report.Table(("records on disk, MB", "posts during the backup"), ((size / 1e6, len(during)),)),
        ),
    )


def _load(gateway: GatewayProcess, customer: Customer, seconds: float) -> Sequence[float]:
    """Post and open pages for some seconds, and return how long each post took."""
    with _posting(gateway, customer) as taken, visiting(Visitor(gateway.url, customer), _PAGES, pause=0.1):
        time.sleep(seconds)
    return taken


@contextlib.contextmanager
def _posting(gateway: GatewayProcess, customer: Customer) -> Iterator[list[float]]:
    """Post one batch after another, and note how long each took, for as long as the block lasts."""
    lines = chain.from_iterable(decode(each).lines for each in ranges(Traffic(Shape.VNET, _RECORDS_A_POST)))
    body = Batch((0,), list(lines)).body()
    headers = {
        "Authorization": f"Bearer {customer.subscription_token}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
    }
    taken: list[float] = []
    ended = threading.Event()

    def send() -> None:
        while not ended.is_set():
            began = time.monotonic()
            key = {"Idempotency-Key": f"post-{began}"}
            requests.post(f"{gateway.url}/qas/flow-logs", body, headers=headers | key, timeout=60).raise_for_status()
            taken.append(time.monotonic() - began)

    thread = threading.Thread(target=send, name="sender")
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        thread.join()


def _command(*words: str) -> _Run:
    """Run Python with arguments in a process of its own."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, *words], cwd=_ROOT, **_QUIET) as process:
        peak = 0
        while process.poll() is None:
            with contextlib.suppress(RuntimeError, OSError):  # it may have ended just now
                peak = peak_of(process.pid)
            time.sleep(0.01)
    if process.returncode:
        raise RuntimeError(f"{words[:3]} failed.")
    return _Run(time.monotonic() - began, peak)


if __name__ == "__main__":
    report.main("data_directories", measure)
