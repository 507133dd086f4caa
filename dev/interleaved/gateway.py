"""The gateway of a schedule: it stores each key once, and fails as the faults say."""

import gzip
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random

import orjson

from dev.interleaved.estate import Estate, Holder, Wrong
from dev.interleaved.faults import Faults
from dev.interleaved.loom import Loom
from shared.apigw.client import Receipt, Rejection
from shared.errors import RetryLater, TooLarge

_LIMIT, _RAISED = 2, 1000
_NAP = 14.0
"""A process that slept for longer since it looked at its claim can't be told from one whose post is on the wire."""


class _Answer(Enum):
    TOO_LARGE = auto()
    BROKEN = auto()


@dataclass(eq=False, slots=True)
class Gateway:
    """Takes batches.

    Attributes:
        stored: How often each source port is stored.
        sent: How often each batch came.
        limit: The most records that it takes in one batch.
    """

    loom: Loom
    random: Random
    faults: Faults
    estate: Estate
    stored: Counter[int] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    limit: int = _LIMIT
    is_calm: bool = False
    failing: bool = True
    _receipts: dict[str, Receipt] = field(default_factory=dict)
    _under_way: int = 0

    def raise_limit(self) -> None:
        """Take larger batches from now on; not while a post is under way ("Limits" in docs/delivery.md)."""
        if self._under_way:
            self.loom.after(0.5, self.raise_limit)
        else:
            self.limit = _RAISED

    def post(self, body: bytes, key: str, by: Holder, seconds: float) -> Receipt:
        """Take a batch, or fail."""
        looked = self.loom.now
        self.loom.pause(0.0)
        in_time = self.loom.now - looked < _NAP
        if in_time and self.estate.holder(by.log) != by:
            raise Wrong("a batch is posted under a claim that another took over")
        self.sent[key] += 1
        if self.sent[key] > 1 and self.is_calm:
            raise Wrong("a batch is sent twice though nothing went wrong")
        ports = [orjson.loads(line)["src_port"] for line in gzip.decompress(body).splitlines()]
        if self._fails(self.faults.waits):
            raise RetryLater("503", self.random.uniform(10, 100))
        self.estate.on_the_wire[by] += in_time
        try:
            answer = self._answer(key, ports, seconds)
        finally:
            self.estate.on_the_wire[by] -= in_time
        if isinstance(answer, Receipt):
            return answer
        raise TooLarge("413") if answer is _Answer.TOO_LARGE else RetryLater("It did not answer, or not in time.")

    def _answer(self, key: str, ports: list[int], seconds: float) -> Receipt | _Answer:
        answers: list[Receipt | _Answer] = []
        delay = self._delay()
        fate = self.random.random() if self.failing else 1.0
        self._under_way += 1

        def land() -> None:
            self._under_way -= 1
            answer = self._take(key, ports) if fate > self.faults.busy / 2 else _Answer.BROKEN
            if fate > self.faults.busy or answer is _Answer.BROKEN:
                answers.append(answer)

        self.loom.after(delay, land)
        self.loom.pause(seconds, until=lambda: bool(answers))
        return answers[0] if answers else _Answer.BROKEN

    def _delay(self) -> float:
        if self._fails(self.faults.slow):
            return self.random.uniform(5, 90)
        return self.random.uniform(*((4, 9) if self._fails(self.faults.leisurely) else (0.01, 0.3)))

    def _fails(self, chance: float) -> bool:
        return self.failing and self.random.random() < chance

    def _take(self, key: str, ports: list[int]) -> Receipt | _Answer:
        known = self._receipts.get(key)
        if known is not None:
            return Receipt(known.accepted, known.rejected, duplicate=True)
        if len(ports) > self.limit or any(map(is_huge, ports)):
            return _Answer.TOO_LARGE
        rejected = tuple(Rejection(number, "bad") for number, port in enumerate(ports) if is_bad(port))
        good = [port for port in ports if not is_bad(port)]
        self.stored.update(good)
        if any(self.stored[port] > 1 for port in good):
            raise Wrong("a tuple is stored twice")
        self._receipts[key] = Receipt(len(good), rejected, duplicate=False)
        return self._receipts[key]


def is_bad(port: int) -> bool:
    """Return whether the gateway rejects the tuple with this source port."""
    return port % 17 == 3  # noqa: PLR2004


def is_huge(port: int) -> bool:
    """Return whether the gateway refuses every batch with this source port as too large."""
    return port % 23 == 5  # noqa: PLR2004
