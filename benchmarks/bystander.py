"""A customer who posts and looks at pages while others are at work on the gateway."""

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import requests

from benchmarks.attacks import headers
from benchmarks.bodies import usual_body
from benchmarks.visitor import Visitor
from dev.gateway.local import Customer

_POSTS_A_SECOND: Final = 10
_RECORDS_A_POST: Final = 5


@dataclass(slots=True)
class Seen:
    """What a customer saw.

    Attributes:
        posts: Seconds that each post took.
        pages: Seconds that Home took, each time.
        refused: How many posts and pages were refused.
    """

    posts: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def posts_p95(self) -> float:
        """Seconds in which 95 % of the posts were answered."""
        return _p95(self.posts)

    @property
    def home_p95(self) -> float:
        """Seconds in which 95 % of the times Home was there."""
        return _p95(self.pages)

    def __add__(self, other: "Seen") -> "Seen":
        return Seen(self.posts + other.posts, self.pages + other.pages, self.refused + other.refused)


class Bystander:
    """Posts ten times a second and opens Home and the list once a second, from an address that no attack comes from."""

    def __init__(self, url: str, customer: Customer) -> None:
        self._url = url
        self._customer = customer
        self._visitor = Visitor(url, customer)
        self._session = requests.Session()
        self._chance = random.Random(1)

    def watch(self, seconds: float) -> Seen:
        """Post and look for so long."""
        seen, ended = Seen(), threading.Event()
        threads = [
            threading.Thread(target=_every, args=(1 / _POSTS_A_SECOND, self._post, seen.posts, seen, ended)),
            threading.Thread(target=_every, args=(1.0, self._look, seen.pages, seen, ended)),
        ]
        for each in threads:
            each.start()
        time.sleep(seconds)
        ended.set()
        for each in threads:
            each.join()
        return seen

    def _post(self) -> float:
        body = usual_body(self._chance, _RECORDS_A_POST)
        key = {"Idempotency-Key": f"own-{self._chance.getrandbits(60)}"}
        began = time.monotonic()
        answer = self._session.post(
            f"{self._url}/qas/flow-logs",
            data=body,
            headers=headers(self._customer.subscription_token) | key,
            timeout=60,
        )
        taken = time.monotonic() - began
        answer.raise_for_status()
        return taken

    def _look(self) -> float:
        taken = self._visitor.open("/?range=all")
        self._visitor.open("/traffic?range=all")
        return taken


def _every(pause: float, act: Callable[[], float], taken: list[float], seen: Seen, ended: threading.Event) -> None:
    while not ended.wait(pause):
        try:
            taken.append(act())
        except (requests.RequestException, RuntimeError):
            seen.refused += 1


def _p95(values: list[float]) -> float:
    """Return infinity if nothing was answered at all."""
    if not values:
        return float("inf")
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
