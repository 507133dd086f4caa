"""A gateway in memory that keeps the promises of the real one, and breaks down as a test says."""

import gzip
import threading
from collections import Counter
from collections.abc import Callable

from shared.apigw.client import LONGEST_SECONDS, Receipt, Rejection
from shared.errors import Malformed, TooLarge

type Fault = Callable[[list[str], str], None]
"""Sees a batch's lines and key before they are stored, and raises what the gateway should answer."""


class MemoryGateway:
    """Stores each key once, and gives its first answer again.

    Attributes:
        posts: The key of each attempt that came in, in order.
        batches: The lines of each batch that was accepted, by key.
        faults: Applied to one attempt each, in order; then there are none.
        always: Applied to every attempt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, Receipt] = {}
        self.posts: list[str] = []
        self.blobs: set[str] = set()
        self.batches: dict[str, list[str]] = {}
        self.faults: list[Fault] = []
        self.always: Fault = fine
        self.lost_replies: list[Exception] = []
        self.rejected: Callable[[str], str | None] = lambda _line: None

    @property
    def stored(self) -> Counter[str]:
        return Counter(line for lines in self.batches.values() for line in lines)

    def lose(self, which: Callable[[list[str]], bool]) -> None:
        """Forget batches and their keys, as after a restore from an old backup."""
        for key in [key for key, lines in self.batches.items() if which(lines)]:
            del self.batches[key], self._answers[key]

    def post_flow_logs(
        self, body: bytes, lines: int, key: str, blob: str | None = None, seconds: float = LONGEST_SECONDS
    ) -> Receipt:
        assert seconds > 0
        received = gzip.decompress(body).decode().splitlines()
        assert len(received) == lines
        if blob is not None:
            self.blobs.add(blob)
        with self._lock:
            self.posts.append(key)
            fault = self.faults.pop(0) if self.faults else fine
            fault(received, key)
            self.always(received, key)
            receipt = self._store(received, key)
            if self.lost_replies:
                raise self.lost_replies.pop(0)
            return receipt

    def _store(self, lines: list[str], key: str) -> Receipt:
        if key in self._answers:
            first = self._answers[key]
            return Receipt(first.accepted, first.rejected, duplicate=True)
        rejected = tuple(
            Rejection(number, reason)
            for number, line in enumerate(lines)
            if (reason := self.rejected(line)) is not None
        )
        numbers = {rejection.line for rejection in rejected}
        self.batches[key] = [line for number, line in enumerate(lines) if number not in numbers]
        self._answers[key] = Receipt(len(lines) - len(rejected), rejected, duplicate=False)
        return self._answers[key]


def fine(_lines: list[str], _key: str) -> None:
    """No fault."""


def answers(error: Exception) -> Fault:
    """Answer an attempt with an error."""

    def fault(_lines: list[str], _key: str) -> None:
        raise error

    return fault


def takes_at_most(lines: int) -> Fault:
    """Find batches of more lines too large."""

    def fault(received: list[str], _key: str) -> None:
        if len(received) > lines:
            raise TooLarge("The gateway answered 413: the batch is too large.")

    return fault


def refuses_lines(bad: Callable[[str], bool]) -> Fault:
    """Find batches malformed that hold a bad line."""

    def fault(received: list[str], _key: str) -> None:
        if any(map(bad, received)):
            raise Malformed("The gateway answered 400: it finds the batch malformed.")

    return fault
