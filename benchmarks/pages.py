"""How long the console's pages take over ten million flow records, after a restart, and in how much memory."""

import contextlib
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.many_records import fill
from benchmarks.resident import peak_of
from benchmarks.visitor import Visitor
from dev.gateway.local import GatewayProcess, new_customer
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.duckdb.sums import SUMS
from gateway.stores.stores import open_database
from gateway.traffic.basis import AS_LOGGED

_RECORDS = 10_000_000
_RUNS = 20
_PAGES = {
    "home": "/?range=all",
    "list, first page": "/traffic?range=all",
    "list, last page": "/traffic?range=all&cursor=newer",
    "list, a rare rule": "/traffic?range=all&q=rule:UserRule_allow-7%20dport:22",
    "timeline": "/timeline?range=all",
    "top sources": "/top?range=all&by=source",
    "top destinations": "/top?range=all&by=destination",
    "top pairs": "/top?range=all&by=pair",
    "top ports": "/top?range=all&by=port",
    "top rules": "/top?range=all&by=rule",
    "top NICs": "/top?range=all&by=card",
    "rule hits": "/rules?range=all",
    "exposed": "/exposed?range=all",
    "conversations": "/conversations?range=all",
}
_CLAIM = (
    f"The console over {_RECORDS:,} flow records of a week and 2,000 NICs: each page over the whole time, "
    f"{_RUNS} times through HTTP after a restart of the gateway."
)


def measure() -> report.Result:
    """Measure the gateway in a process of its own, which has just started."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with contextlib.closing(open_database(data)) as database:
            customer = new_customer(database, "benchmark")
        fill(data / "records.duckdb", customer.number, _RECORDS)
        _merge_edges(data / "records.duckdb")
        size = (data / "records.duckdb").stat().st_size
        with GatewayProcess(data) as gateway:
            visitor = Visitor(gateway.url, customer)
            seconds = {name: [visitor.open(path) for _ in range(_RUNS)] for name, path in _PAGES.items()}
            peak = peak_of(gateway.pid)
        plain = _plain_sum(data / "records.duckdb", customer.number)
    figures = [
        report.Figure(f"{name}, p95", _p95(each) * 1000, "ms", at_most=500 if name == "home" else 1000)
        for name, each in seconds.items()
    ]
    rows = tuple(
        (name, each[0] * 1000, statistics.median(each) * 1000, _p95(each) * 1000) for name, each in seconds.items()
    )
    return report.Result(
        _CLAIM,
        (
            *figures,
            report.Figure("home, p95, to one plain sum of the bytes", _p95(seconds["home"]) / plain, "times"),
            report.Figure("peak memory of the gateway", peak / 1e6, "MB", at_most=2000),
        ),
        (
            report.Table(("page", "first ms", "median ms", "p95 ms"), rows),
            report.Table(("on disk, MB", "bytes a record"), ((size / 1e6, size / _RECORDS),)),
        ),
    )


def _merge_edges(file: Path) -> None:
    """Merge what a gateway that served all the while would have merged by now."""
    records = DuckDBRecords.open(file)
    while records.merge_edges():
        pass
    records.close()


def _plain_sum(file: Path, customer: int) -> float:
    """Return the seconds that one sum over all of a customer's records takes: what this machine can do just now."""
    records = DuckDBRecords.open(file)
    query = f"SELECT {SUMS[AS_LOGGED]} FROM records WHERE customer = ?"
    seconds = []
    for _ in range(_RUNS):
        began = time.monotonic()
        list(records.rows(query, [customer]))
        seconds.append(time.monotonic() - began)
    records.close()
    return statistics.median(seconds)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    report.main("pages", measure)
