"""Whether posts can be stored: after one has failed for the gateway's own reasons, they can't until a write succeeds
again.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

TRY_EVERY: Final = timedelta(seconds=10)
"""The least time between the gateway's own test writes, however many clients ask."""


class StillFailingError(Exception):
    """The last post could not be stored, and no write has succeeded since."""


class Health:
    """What is known about writing. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._since: datetime | None = None
        self._tried_at: datetime | None = None

    @property
    def failing_since(self) -> datetime | None:
        """When posts began to fail; None if the last one was stored."""
        return self._since

    def failed(self, now: datetime) -> None:
        """Record that a post could not be stored."""
        with self._lock:
            self._failures += 1
            self._since = self._since or now

    def stored(self) -> None:
        """Record that a post was stored."""
        with self._lock:
            self._since = None

    def check(self, now: datetime, write: Callable[[], None]) -> None:
        """Make sure that posts can be stored. After one has failed, try a small write, at most one at a time.

        Args:
            now: The present moment.
            write: Writes durably, wherever posts write. Its exceptions are passed on to the caller.

        Raises:
            StillFailingError: The last post failed, and no write is due yet.
        """
        with self._lock:
            if self._since is None:
                return
            # Clocks may be set back, too.
            if self._tried_at is not None and abs(now - self._tried_at) < TRY_EVERY:
                raise StillFailingError
            self._tried_at = now
            failures = self._failures
        write()
        with self._lock:
            if self._failures == failures:
                self._since = None
