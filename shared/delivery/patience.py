"""Retries: exponential backoff with full jitter, honouring `Retry-After`, within a time budget."""

import random
import threading
from collections.abc import Callable

from shared.clock import Clock, Deadline
from shared.errors import RetryLater

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_SLICE_SECONDS = 10.0


class Patience:
    """How long one pass keeps asking a gateway that is busy or away.

    Attributes:
        halted: Set it to make every waiting attempt give up.
        retries: How often an attempt was repeated.
    """

    def __init__(self, clock: Clock, deadline: Deadline) -> None:
        self._clock = clock
        self._deadline = deadline
        self._lock = threading.Lock()
        self.halted = threading.Event()
        self.retries = 0

    def insist[T](self, attempt: Callable[[], T], keep: Callable[[], None] | None = None) -> T:
        """Return what an attempt finally returns.

        Args:
            attempt: Is made until it raises no RetryLater.
            keep: Is called every few seconds of waiting, by a thread that has something to see to meanwhile.

        Raises:
            RetryLater: The time budget is spent, or another post of the same pass failed for good.
        """
        ceiling = _FIRST_WAIT
        while True:
            try:
                return attempt()
            except RetryLater as refusal:
                # Jitter on top of the requested wait, so that many clients don't come back at the same time.
                wait = (refusal.wait or 0.0) + random.uniform(0, ceiling)  # noqa: S311 -- no secret
                if wait >= self._deadline.remaining or self._waits(wait, keep):
                    raise
            ceiling = min(2 * ceiling, _LONGEST_WAIT)
            with self._lock:
                self.retries += 1

    def _waits(self, seconds: float, keep: Callable[[], None] | None) -> bool:
        """Wait; return whether that was ended by others."""
        while keep is not None and seconds > _SLICE_SECONDS:
            if self._clock.wait(self.halted, _SLICE_SECONDS):
                return True
            keep()
            seconds -= _SLICE_SECONDS
        return self._clock.wait(self.halted, seconds)
