"""How far another customer is held up by the worst that a sender with one token, or a stranger, can do."""

import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests

from benchmarks import attacks, report
from benchmarks.attacks import Asking, Attack, Browsing, Posting, Target, under
from benchmarks.many_records import fill
from benchmarks.resident import forget_peak, peak_of, resident_of
from benchmarks.visitor import Visitor
from gateway.local import Customer, GatewayProcess, new_customer
from gateway.stores.stores import open_database

_SECONDS: Final = 60.0
_SETTLING: Final = 3.0
"""Seconds after an attack until what it left is done with."""
_RECORDS: Final = 1_000_000
_POSTS_A_SECOND: Final = 10
_AT_MOST: Final = 1.5
_CLAIM: Final = (
    f"A customer posts {_POSTS_A_SECOND} times a second and opens Home once a second, over {_RECORDS:,} records, while "
    "another one's token, or a stranger, does its worst for a minute; each sender beside a well-behaved one that posts "
    "as many records, each stranger beside nobody."
)

SENDERS: Final[dict[str, tuple[Attack, Attack]]] = {
    "long names, all different": (Posting(attacks.long_texts, 500), Posting(attacks.usual, 8_000)),
    "many short names": (Posting(attacks.many_texts, 2_000), Posting(attacks.usual, 3_000)),
    "addresses of many hours": (Posting(attacks.many_hours, 2_000), Posting(attacks.usual, 2_000)),
    "many addresses in an hour": (Posting(attacks.many_addresses, 2_000), Posting(attacks.usual, 1_500)),
    "lines that are no record": (Posting(attacks.no_records, 2_000), Posting(attacks.usual, 10)),
    "heavy searches, abandoned": (Browsing(attacks.HEAVY, 0.5), Browsing("/?range=all")),
}
"""What one token can do, or one person, and the same bytes and requests well behaved."""
STRANGERS: Final[dict[str, Attack]] = {
    "silent connections": attacks.silent,
    "headers that never end": attacks.half_headers,
    "bodies that trickle": attacks.slow_bodies,
    "wrong tokens": Asking("/qas/subscription-token", (("Authorization", "Bearer nothing"),)),
    "wrong passwords": Asking("/auth", form="username=benchmark-b&password=wrong&token=true"),
    "is it healthy": Asking("/healthz"),
    "pages that are not there": Asking("/nothing"),
}


@dataclass(slots=True)
class Seen:
    """What the other customer saw, in seconds."""

    posts: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)


def measure(seconds: float = _SECONDS, records: int = _RECORDS) -> report.Result:
    """Measure a gateway in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        data = Path(folder)
        with contextlib.closing(open_database(data)) as database:
            mine, theirs = (new_customer(database, f"benchmark-{name}") for name in "ab")
        week = 7 * 24 * 3600
        fill(data / "records.duckdb", theirs.number, records, (int(time.time()) - week) * 1000)
        gateway = running.enter_context(GatewayProcess(data))
        other = _Other(gateway, theirs)
        token, nothing = Target(gateway.url, mine), Target(gateway.url, None)
        pairs = [
            *((name, token, attack, behaved) for name, (attack, behaved) in SENDERS.items()),
            *((name, nothing, attack, None) for name, attack in STRANGERS.items()),
        ]
        rows, figures = [], []
        for name, target, attack, behaved in pairs:
            # In turn, since the machine's speed changes from minute to minute.
            beside = _round(other, gateway, behaved, target, seconds / 2)
            found = _round(other, gateway, attack, target, seconds)
            rows.append(found.row(name, beside))
            figures += found.figures(name, beside)
        log = len(gateway.requests)
    columns = ("attack", "requests a s", "MB a s", "posts p95 ms", "beside", "home p95 ms", "beside", "memory, MB more")
    return report.Result(
        _CLAIM, tuple(figures), (report.Table(columns, tuple(rows)), report.Table(("lines of log",), ((log,),)))
    )


@dataclass(frozen=True, slots=True)
class _Round:
    """What happened in one minute."""

    seconds: float
    posts: float
    home: float
    requests: int
    size: int
    grown: int

    def row(self, name: str, beside: "_Round") -> tuple[report.Cell, ...]:
        return (
            *(name, self.requests / self.seconds, self.size / self.seconds / 1e6),
            *(self.posts * 1000, beside.posts * 1000, self.home * 1000, beside.home * 1000, self.grown / 1e6),
        )

    def figures(self, name: str, beside: "_Round") -> list[report.Figure]:
        return [
            report.Figure(f"{name}: posts", self.posts / beside.posts, "times", at_most=_AT_MOST),
            report.Figure(f"{name}: home", self.home / beside.home, "times", at_most=_AT_MOST),
            report.Figure(f"{name}: memory", self.grown / 1e6, "MB more", at_most=200),
        ]


class _Other:
    """The other customer, from an address that no attack comes from."""

    def __init__(self, gateway: GatewayProcess, customer: Customer) -> None:
        self._url = gateway.url
        self._customer = customer
        self._visitor = Visitor(gateway.url, customer)
        self._session = requests.Session()
        self._number = 0

    def watch(self, seconds: float) -> Seen:
        """Post and look for so long."""
        seen, ended = Seen(), threading.Event()
        threads = [
            threading.Thread(target=self._every, args=(1 / _POSTS_A_SECOND, self._post, seen.posts, ended)),
            threading.Thread(target=self._every, args=(1.0, self._look, seen.pages, ended)),
        ]
        for each in threads:
            each.start()
        time.sleep(seconds)
        ended.set()
        for each in threads:
            each.join()
        return seen

    @staticmethod
    def _every(pause: float, act: Callable[[], float], taken: list[float], ended: threading.Event) -> None:
        while not ended.wait(pause):
            taken.append(act())

    def _post(self) -> float:
        self._number += 1
        body = attacks.usual_body(self._number)
        began = time.monotonic()
        answer = self._session.post(
            f"{self._url}/qas/flow-logs",
            data=body,
            headers=attacks.headers(self._customer.subscription_token) | {"Idempotency-Key": f"own-{self._number}"},
            timeout=60,
        )
        taken = time.monotonic() - began
        answer.raise_for_status()
        return taken

    def _look(self) -> float:
        return self._visitor.open("/?range=all")


def _round(other: _Other, gateway: GatewayProcess, attack: Attack | None, target: Target, seconds: float) -> _Round:
    forget_peak(gateway.pid)
    before = resident_of(gateway.pid)
    with under(attack, target) as count:
        seen = other.watch(seconds)
    grown = peak_of(gateway.pid) - before
    time.sleep(_SETTLING)
    return _Round(seconds, _p95(seen.posts), _p95(seen.pages), count.requests.value, count.bytes.value, grown)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


if __name__ == "__main__":
    report.main("hostility", measure)
