"""How far another customer is held up by the worst that a sender with one token, or a stranger, can do.

Whoever attacks, and whoever sends the same load well behaved, is a process of its own at low priority, since on two
cores the work of making an attack would otherwise be measured. Each attack, and what it is compared with, take turns;
each sender is a customer of its own, so that no budget is spent before its attack begins.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from benchmarks import attacks, bodies, report
from benchmarks.attacking import Attack, Done, Target, under
from benchmarks.attacks import Asking, Browsing, Holding, Posting, Usual
from benchmarks.bystander import Bystander, Seen
from benchmarks.many_records import WEEK_MS, fill
from benchmarks.resident import forget_peak, peak_of, resident_of
from dev.gateway.local import GatewayProcess, new_customer
from gateway.stores.stores import open_database

_SECONDS: Final = 60.0
_ROUNDS: Final = 2
_SETTLING: Final = 2.0
"""Seconds after an attack until what it left is done with."""
_RECORDS: Final = 1_000_000
_AT_MOST: Final = 1.5
_MEGABYTES: Final = 200
_CLAIM: Final = (
    "A customer posts 10 times a second and opens Home and the list once a second, over {records:,} records, "
    "while another one's token, or a stranger, does its worst for {seconds:g} s; each sender beside a well-behaved one "
    "with as many requests and bytes, each stranger beside nobody."
)

type Behaved = Callable[[float, float], Attack]
"""Makes the same load well behaved, from requests a second and bytes of each."""


@dataclass(frozen=True, slots=True)
class Case:
    """An attack.

    Attributes:
        attack: What is done.
        behaved: What it is compared with; None for no load at all, as for a stranger.
    """

    attack: Attack
    behaved: Behaved | None = None


def _home(rate: float, _size: float) -> Attack:
    return Browsing("/?range=all", rate=rate)


CASES: Final[Mapping[str, Case]] = {
    "long names, all different": Case(Posting(bodies.long_texts, 1_000), Usual),
    "many short names": Case(Posting(bodies.many_texts, 10_000), Usual),
    "addresses of many hours": Case(Posting(bodies.many_hours, 5_000), Usual),
    "many addresses in an hour": Case(Posting(bodies.many_addresses, 5_000), Usual),
    "lines that are no record": Case(Posting(bodies.no_records, 10_000), Usual),
    "records that are alike": Case(Posting(bodies.alike, 20_000), Usual),
    "one key over and over": Case(Posting(bodies.usual, 10_000, key="one"), Usual),
    "posts that trickle": Case(Holding(300, attacks.POST, token=True, then=b"x", pause=2), Usual),
    "heavy searches, kept open": Case(Browsing(attacks.HEAVY), _home),
    "heavy searches, left": Case(Browsing(attacks.HEAVY, 0.5), _home),
    "silent connections": Case(Holding(2_000)),
    "headers that never end": Case(Holding(2_000, attacks.HALF_HEADERS)),
    "bodies that trickle": Case(Holding(500, attacks.POST + b"Authorization: Bearer nothing\r\n\r\n", then=b"x")),
    "wrong tokens": Case(Asking("/qas/subscription-token", (("Authorization", "Bearer nothing"),))),
    "wrong passwords": Case(Asking("/auth", form="username=bystander&password=wrong&token=true")),
    "is it healthy": Case(Asking("/healthz")),
    "pages that are not there": Case(Asking("/nothing")),
}


def measure(seconds: float = _SECONDS, records: int = _RECORDS, cases: Mapping[str, Case] = CASES) -> report.Result:
    """Measure a gateway in a process of its own.

    Args:
        seconds: How long each attack lasts.
        records: How many the other customer has, and so have those who search; a multiple of ten thousand.
        cases: What is done, by its name.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        data, start_ms = Path(folder), int(time.time()) * 1000 - WEEK_MS
        with contextlib.closing(open_database(data)) as database:
            other = new_customer(database, "bystander")
            senders = {
                name: (new_customer(database, f"{name}: attack"), new_customer(database, f"{name}: behaved"))
                for name, case in cases.items()
                if case.behaved is not None
            }
        fill(data / "records.duckdb", other.number, records, start_ms)
        for name, case in cases.items():
            if isinstance(case.attack, Browsing):
                for each in senders[name]:
                    fill(data / "records.duckdb", each.number, records, start_ms)
        gateway = running.enter_context(GatewayProcess(data))
        bystander = Bystander(gateway.url, other)
        first = _Phase.of(gateway, bystander, None, Target(gateway.url, None), min(seconds, 10.0))
        loads, suffered, figures = [], [], []
        for name, case in cases.items():
            attacker, behaved = senders.get(name, (None, None))
            found = _compare(
                gateway, bystander, case, (Target(gateway.url, attacker), Target(gateway.url, behaved)), seconds
            )
            loads.append(found.load(name))
            suffered.append(found.suffered(name))
            figures += found.figures(name)
        memory = (first.peak / 1e6, peak_of(gateway.pid) / 1e6, resident_of(gateway.pid) / 1e6)
    return report.Result(
        _CLAIM.format(records=records, seconds=seconds),
        tuple(figures),
        (
            report.Table(_LOAD, tuple(loads)),
            report.Table(_SUFFERED, tuple(suffered)),
            report.Table(("memory in calm, MB", "most in the last phase", "at the end"), (memory,)),
        ),
    )


_LOAD: Final = ("attack", "requests a s", "beside", "kB each", "beside", "refused, %", "memory, MB more", "log, MB")
_SUFFERED: Final = ("attack", "posts p95, ms", "beside", "times", "home p95, ms", "beside", "times", "refused")


@dataclass(frozen=True, slots=True)
class _Phase:
    """What happened in some seconds, or in several such times together.

    Attributes:
        seconds: How many.
        done: What was done to the gateway.
        seen: What the other customer saw.
        grown: How much memory the gateway took more than at the beginning, in bytes.
        peak: How much it took at most.
        log: Bytes of its request log.
    """

    seconds: float
    done: Done
    seen: Seen
    grown: int
    peak: int
    log: int

    @classmethod
    def of(
        cls, gateway: GatewayProcess, bystander: Bystander, attack: Attack | None, target: Target, seconds: float
    ) -> "_Phase":
        forget_peak(gateway.pid)
        before, lines = resident_of(gateway.pid), len(gateway.requests)
        with under(attack, target) as count:
            seen = bystander.watch(seconds)
            done = count.so_far
        peak = peak_of(gateway.pid)
        time.sleep(_SETTLING)
        log = sum(len(orjson.dumps(each)) + 1 for each in gateway.requests[lines:])
        return cls(seconds, done, seen, peak - before, peak, log)

    def __add__(self, other: "_Phase") -> "_Phase":
        return _Phase(
            self.seconds + other.seconds,
            self.done + other.done,
            self.seen + other.seen,
            max(self.grown, other.grown),
            max(self.peak, other.peak),
            self.log + other.log,
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """An attack, and what it is compared with."""

    attack: _Phase
    beside: _Phase

    @property
    def posts(self) -> float:
        return self.attack.seen.posts_p95 / self.beside.seen.posts_p95

    @property
    def home(self) -> float:
        return self.attack.seen.home_p95 / self.beside.seen.home_p95

    def load(self, name: str) -> tuple[report.Cell, ...]:
        attack, beside = self.attack, self.beside
        done = attack.done
        return (
            *(name, done.requests / attack.seconds, beside.done.requests / beside.seconds),
            *(done.each / 1e3, beside.done.each / 1e3, 100 * done.refused / max(1, done.requests)),
            *(attack.grown / 1e6, attack.log / 1e6),
        )

    def suffered(self, name: str) -> tuple[report.Cell, ...]:
        attack, beside = self.attack.seen, self.beside.seen
        return (
            *(name, attack.posts_p95 * 1000, beside.posts_p95 * 1000, self.posts),
            *(attack.home_p95 * 1000, beside.home_p95 * 1000, self.home, attack.refused),
        )

    def figures(self, name: str) -> list[report.Figure]:
        return [
            report.Figure(f"{name}: posts", self.posts, "times", at_most=_AT_MOST),
            report.Figure(f"{name}: home", self.home, "times", at_most=_AT_MOST),
            report.Figure(f"{name}: refused to the other", self.attack.seen.refused, "", at_most=0),
            report.Figure(f"{name}: memory", self.attack.grown / 1e6, "MB more", at_most=_MEGABYTES),
        ]


def _compare(
    gateway: GatewayProcess, bystander: Bystander, case: Case, targets: tuple[Target, Target], seconds: float
) -> _Found:
    """Attack and compare in turn, since the machine's speed changes from minute to minute."""
    part = seconds / _ROUNDS
    found: _Found | None = None
    for _ in range(_ROUNDS):
        attack = _Phase.of(gateway, bystander, case.attack, targets[0], part)
        done = attack.done
        behaved = None
        if case.behaved is not None:
            behaved = case.behaved(max(1, done.requests) / part, done.each)
        beside = _Phase.of(gateway, bystander, behaved, targets[1], part)
        found = _Found(attack, beside) if found is None else _Found(found.attack + attack, found.beside + beside)
    assert found is not None
    return found


if __name__ == "__main__":
    report.main("hostility", measure)
