"""Somebody who acts on a gateway from a process of its own while another is measured.

The process has low priority, as have those who are well behaved: on two cores the work of making an attack would
otherwise be measured instead of what the attack does.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dev.gateway.local import Customer

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_NICENESS: Final = 15
_START_SECONDS: Final = 60
_APART: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Target:
    """What is attacked.

    Attributes:
        url: The gateway.
        customer: Whose token a sender has; None for a stranger.
    """

    url: str
    customer: Customer | None


type Attack = Callable[[Target, "Count"], None]
"""Goes on until its process is ended, and counts what it does."""


class Count:
    """How much somebody did, seen from outside their process."""

    def __init__(self) -> None:
        # One lock for all: nobody sees a request without its bytes.
        self._lock = _APART.RLock()
        self._requests: Synchronized[int] = _APART.Value("q", 0, lock=self._lock)
        self._bytes: Synchronized[int] = _APART.Value("q", 0, lock=self._lock)
        self._refused: Synchronized[int] = _APART.Value("q", 0, lock=self._lock)

    @property
    def so_far(self) -> "Done":
        """What has been done by now."""
        with self._lock:
            return Done(self._requests.value, self._bytes.value, self._refused.value)

    def add(self, size: int) -> None:
        """Count a request of so many bytes."""
        with self._lock:
            self._requests.value += 1
            self._bytes.value += size

    def refuse(self) -> None:
        """Count an answer that was a refusal."""
        with self._lock:
            self._refused.value += 1


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did: how many requests, of how many bytes in all, and how many were refused."""

    requests: int = 0
    size: int = 0
    refused: int = 0

    @property
    def each(self) -> float:
        """Bytes of a request, on average."""
        return self.size / max(1, self.requests)

    def __add__(self, other: "Done") -> "Done":
        return Done(self.requests + other.requests, self.size + other.size, self.refused + other.refused)

    def __sub__(self, other: "Done") -> "Done":
        return Done(self.requests - other.requests, self.size - other.size, self.refused - other.refused)


@contextmanager
def under(attack: Attack | None, target: Target) -> Iterator[Count]:
    """Attack for as long as the block lasts, from the first request on; with None do nothing.

    Raises:
        RuntimeError: The attack did not begin, or ended before the block did, so that nothing was measured.
    """
    count = Count()
    if attack is None:
        yield count
        return
    process = _APART.Process(target=_run, args=(attack, target, count), daemon=True)
    process.start()
    try:
        until = time.monotonic() + _START_SECONDS
        while not count.so_far.requests and process.is_alive() and time.monotonic() < until:
            time.sleep(0.05)
        if not count.so_far.requests:
            raise RuntimeError(f"{attack} did not begin.")
        yield count
        if not process.is_alive():
            raise RuntimeError(f"{attack} ended before its time.")
    finally:
        process.kill()
        process.join()


def _run(attack: Attack, target: Target, count: Count) -> None:
    os.nice(_NICENESS)
    attack(target, count)
