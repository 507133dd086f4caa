"""Retries: exponential backoff with full jitter, honouring `Retry-After`, within a time budget."""

import random
import threading
from collections.abc import Callable

from shared.clock import Clock, Deadline
from shared.errors import RetryLater

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0


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

    def insist[T](self, attempt: Callable[[], T]) -> T:
        """Return what an attempt finally returns.

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
                if wait >= self._deadline.remaining or self._clock.wait(self.halted, wait):
                    raise
            ceiling = min(2 * ceiling, _LONGEST_WAIT)
            with self._lock:
                self.retries += 1
