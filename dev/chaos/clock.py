"""Time that a schedule sets, for all processes."""

import multiprocessing
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from shared.storage.storage_clock import StorageClock

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

    Waiting makes no time pass here, since others would not know of it.
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

    @property
    def ahead(self) -> timedelta:
        """By how much the schedule's time of day is ahead of the machine's."""
        return self._ahead.date

    def spend(self, seconds: float) -> None:
        """Let time go on for this process alone, as something slow would."""
        with self._lock:
            self._own += seconds


class ChaosStorageClock(StorageClock):
    """Storage's time as the schedule has it: the emulator tells the machine's."""

    def __init__(self, clock: ChaosClock) -> None:
        super().__init__(clock)
        self._chaos = clock

    def note(self, date: float, asked: float) -> None:
        super().note(date + self._chaos.ahead.total_seconds(), asked)
