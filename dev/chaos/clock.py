"""Time that a schedule sets, for all processes."""

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_HASTE = 100.0


class Number(Protocol):
    """A float that processes share (`multiprocessing.RawValue`)."""

    value: float


class Ahead:
    """How far the schedule's time is ahead of the machine's; one process writes, all read."""

    def __init__(self, date: Number, passed: Number) -> None:
        self._date = date
        self._passed = passed

    @classmethod
    def make(cls) -> "Ahead":
        """Share numbers with the processes that it will be given to."""
        context = multiprocessing.get_context("forkserver")
        return cls(context.RawValue("d", 0.0), context.RawValue("d", 0.0))

    def start_at(self, moment: datetime) -> None:
        """Make it this moment now."""
        self._passed.value = 0.0
        self._date.value = (moment - datetime.now(UTC)).total_seconds()

    def advance(self, seconds: float) -> None:
        """Let time go on for everybody."""
        self._passed.value += seconds

    @property
    def seconds(self) -> float:
        """Seconds by which clocks that measure are ahead."""
        return self._passed.value

    @property
    def date(self) -> timedelta:
        """By how much the time of day is ahead."""
        return timedelta(seconds=self._date.value + self._passed.value)


class ChaosClock:
    """A worker's clock: the schedule's time, in which pauses between attempts take a hundredth of their length.

    The lease on a checkpoint runs in the storage emulator's own, real time, so waiting must not make time pass here.
    """

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self._lock = threading.Lock()
        self._own = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead.date

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead.seconds + self._own

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(seconds / _HASTE)

    def spend(self, seconds: float) -> None:
        """Let time go on for this process alone, as something slow would."""
        with self._lock:
            self._own += seconds
