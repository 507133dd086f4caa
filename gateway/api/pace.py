"""How fast a customer's posts are accepted while others post too, so that no sender can hold up the others.

A post is measured by the work that it causes, not by its bytes: ten thousand identical lines, or as many with a new
name each, fit into a few kilobytes. A customer who posts alone is never held back.
"""

import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Final

NEW: Final = 20
"""A new name, an hour's new address, or a rejected line counts as this many flow records of known names: a new text
takes fifteen microseconds, a record five, and logs have hardly any of them.
"""
A_SECOND: Final = 50_000
"""Records per second: those of ten thousand NICs with three hundred per minute each."""
_AT_ONCE: Final = timedelta(seconds=4)
"""How much may arrive at once, such as after an outage."""
_MOST: Final = timedelta(seconds=30)
"""Nobody waits longer than this, however much was stored while nobody else was posting."""
_TOGETHER: Final = timedelta(seconds=10)
"""Others count as posting if their last post is no older than this."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Pace:
    """Measures customers' posts. May be called from any thread."""

    def __init__(self, a_second: int = A_SECOND) -> None:
        """Start without customers.

        Args:
            a_second: How many records of known names one customer may post per second while others post.
        """
        self._each = timedelta(seconds=1) / a_second
        self._made_up_at: dict[int, datetime] = {}
        self._posted_at: OrderedDict[int, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, customer: int, now: datetime) -> timedelta | None:
        """Return how long a customer who posts now has to wait; None if not at all."""
        with self._lock:
            self._posted_at[customer] = now
            self._posted_at.move_to_end(customer)
            while now - next(iter(self._posted_at.values())) > _TOGETHER:
                self._posted_at.popitem(last=False)
            # At most the maximum, even if the clock was set back.
            wait = min(self._made_up_at.get(customer, _LONG_AGO) - now - _AT_ONCE, _MOST)
            return wait if len(self._posted_at) > 1 and wait > timedelta(0) else None

    def count(self, customer: int, records: int, new: int, now: datetime) -> None:
        """Count a post.

        Args:
            customer: Whose it is.
            records: How many flow records it contained.
            new: How many names and addresses of an hour were new, and how many of its lines were rejected.
            now: When it was stored.
        """
        with self._lock:
            made_up_at = max(self._made_up_at.get(customer, _LONG_AGO), now) + (records + NEW * new) * self._each
            self._made_up_at[customer] = min(made_up_at, now + _AT_ONCE + _MOST)
