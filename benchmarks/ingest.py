"""How many flow records a second the reference gateway takes, through HTTP into storage, while its pages are open."""

import contextlib
import itertools
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from pathlib import Path

import requests

from benchmarks import report
from benchmarks.synthetic import Shape, Traffic, ranges
from benchmarks.visitor import Visitor, visiting
from dev.gateway.local import Customer, GatewayProcess, new_customer
from gateway.stores.stores import open_database
from shared.delivery.batch import Batch
from shared.flowlog import decode

_RECORDS_A_POST = 10_000
_BODIES = 12
_POSTS = 240
_SENDERS = 4
_PAGES = ("/?range=all", "/traffic?range=all", "/timeline?range=all")
_PAUSE_SECONDS = 1.0
_NIC, _ADDRESS = b"00224871C205", b"10.20.4.17"

_CLAIM = (
    f"{_POSTS} posts of {_RECORDS_A_POST:,} VNet flow records each, as the function app sends them, from {_SENDERS} "
    "senders at once on the same machine, each answered once its records are on disk, while somebody opens a page a "
    "second: home, the list, the timeline."
)


def measure() -> report.Result:
    """Measure the gateway in a process of its own."""
    bodies = _bodies()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with contextlib.closing(open_database(data)) as database:
            customer = new_customer(database, "benchmark")
        with GatewayProcess(data) as gateway:
            _post_all(gateway.url, customer, bodies, range(_SENDERS))
            with visiting(Visitor(gateway.url, customer), _PAGES, _PAUSE_SECONDS) as visit:
                began = time.monotonic()
                _post_all(gateway.url, customer, bodies, range(_SENDERS, _SENDERS + _POSTS))
                seconds = time.monotonic() - began
    speed = _POSTS * _RECORDS_A_POST / seconds
    return report.Result(
        _CLAIM,
        (report.Figure("taken", speed, "records/s", at_least=100_000),),
        (
            report.Table(
                ("pages opened meanwhile", "median ms", "longest ms"),
                ((len(visit.seconds), statistics.median(visit.seconds) * 1000, max(visit.seconds) * 1000),),
            ),
        ),
    )


def _bodies() -> list[bytes]:
    """Make the bodies of as many NICs' posts."""
    lines = itertools.chain.from_iterable(decode(each).lines for each in ranges(Traffic(Shape.VNET, _RECORDS_A_POST)))
    text = "\n".join(next(batched(lines, _RECORDS_A_POST, strict=False))).encode()
    nics = [
        text.replace(_NIC, b"002248%06X" % number).replace(_ADDRESS, b"10.20.4.%d" % number)
        for number in range(_BODIES)
    ]
    return [Batch((0,), nic.decode().split("\n")).body() for nic in nics]


def _post_all(url: str, customer: Customer, bodies: list[bytes], numbers: range) -> None:
    local = threading.local()

    def post(number: int) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.post(
            f"{url}/qas/flow-logs",
            data=bodies[number % len(bodies)],
            headers={
                "Authorization": f"Bearer {customer.subscription_token}",
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "gzip",
                "Idempotency-Key": f"post-{number}",
            },
            timeout=60,
        )
        answer.raise_for_status()
        if answer.json() != {"accepted": _RECORDS_A_POST, "duplicate": False, "rejected": []}:
            raise RuntimeError(f"Post {number} got an unexpected answer: {answer.text[:200]}")

    with ThreadPoolExecutor(_SENDERS) as senders:
        list(senders.map(post, numbers))


if __name__ == "__main__":
    report.main("ingest", measure)
