"""Time that stands still until a test moves it."""

import threading
from datetime import UTC, datetime, timedelta

from shared.clock import Deadline


class StillClock:
    """A clock that moves only when it is told to, or when somebody waits."""

    def __init__(self, now: datetime = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._lock = threading.Lock()
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def wait(self, event: threading.Event, seconds: float) -> bool:
        with self._lock:
            self.waits.append(seconds)
        self.move(seconds)
        return event.is_set()

    def move(self, seconds: float) -> None:
        with self._lock:
            self._monotonic += seconds
            self._now += timedelta(seconds=seconds)

    def deadline(self, seconds: float = 240.0) -> Deadline:
        return Deadline(self, seconds)
