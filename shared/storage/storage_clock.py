"""The time of a storage account, by which claims on checkpoints end."""

import threading
from dataclasses import dataclass

from shared.clock import Clock


@dataclass(frozen=True, slots=True)
class _Reading:
    # What an answer's Date said, and between which moments of our own clock it was written.
    date: float
    asked: float
    came: float


class StorageClock:
    """Storage's time: the Date of its latest answer, and what has passed since by the process's own clock.

    That clock must run while the machine sleeps. A Date is cut to a second and written at an unknown moment between
    question and answer, so the time is known only to lie between two bounds. All times are seconds since 1970.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._reading: _Reading | None = None

    def note(self, date: float, asked: float) -> None:
        """Note an answer's Date; `asked` is when its request was sent, by the process's own clock."""
        reading = _Reading(date, asked, self._clock.monotonic())
        with self._lock:
            # Answers that come at the same time are noted in any order; a later question's is the better one.
            if self._reading is None or asked >= self._reading.asked:
                self._reading = reading

    @property
    def earliest(self) -> float | None:
        """The time as early as it can be; None before storage has told it."""
        reading = self._reading
        return None if reading is None else reading.date + self._clock.monotonic() - reading.came

    @property
    def latest(self) -> float | None:
        """The time as late as it can be; None before storage has told it."""
        reading = self._reading
        return None if reading is None else reading.date + 1 + self._clock.monotonic() - reading.asked
