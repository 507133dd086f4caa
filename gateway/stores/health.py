"""Whether posts can be stored: the last one that failed for the gateway's own reasons says no until something can be
written again.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

TRY_EVERY: Final = timedelta(seconds=10)
"""How often a small write of the gateway's own is tried at most, however many people ask."""


class StillFailingError(Exception):
    """The last post could not be stored, and no write has succeeded since."""


class Health:
    """What is known of writing. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._since: datetime | None = None
        self._tried_at: datetime | None = None

    @property
    def failing_since(self) -> datetime | None:
        """When the first of the posts failed that nothing was stored after; None while all is well."""
        return self._since

    def failed(self, now: datetime) -> None:
        """Note that a post could not be stored."""
        with self._lock:
            self._failures += 1
            self._since = self._since or now

    def stored(self) -> None:
        """Note that a post was stored."""
        with self._lock:
            self._since = None

    def check(self, now: datetime, write: Callable[[], None]) -> None:
        """Make sure that posts can be stored: after one that failed by a small write, of which one is due at a time.

        Args:
            now: The present moment.
            write: Writes durably, wherever posts write. What it raises goes on to the caller.

        Raises:
            StillFailingError: They could not, and no write is due yet.

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
