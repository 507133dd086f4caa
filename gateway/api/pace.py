"""How fast the posts of a customer are taken while others post too, so that nobody waits for one who sends without end.

A post is measured by what it asks of the gateway, not by its bytes: ten thousand lines that are alike, or that each
have a new name, come in a few kilobytes. Whoever posts alone is never held back.
"""

import threading
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Final

NEW: Final = 20
"""A name, an address of an hour, or a rejected line asks for as much as so many flow records of known names: a text
that is new takes fifteen microseconds, a record five, and logs have hardly any."""
A_SECOND: Final = 50_000
"""Records of a second: those of ten thousand NICs with three hundred a minute each."""
_AT_ONCE: Final = timedelta(seconds=4)
"""So much may come at once, as after an outage."""
_MOST: Final = timedelta(seconds=30)
"""Nobody waits longer, whatever was stored while no one else was there."""
_TOGETHER: Final = timedelta(seconds=10)
"""So long ago others have posted, if they still post."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Pace:
    """Counts what customers' posts ask for; from any thread."""

    def __init__(self, a_second: int = A_SECOND) -> None:
        """Begin with nobody.

        Args:
            a_second: How many records of known names one customer may post in a second while others post.

        """
        self._each = timedelta(seconds=1) / a_second
        self._made_up_at: dict[int, datetime] = {}
        self._posted_at: OrderedDict[int, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, customer: int, now: datetime) -> timedelta | None:
        """Return how long a customer who posts now has to wait; None for not at all."""
        with self._lock:
            self._posted_at[customer] = now
            self._posted_at.move_to_end(customer)
            while now - next(iter(self._posted_at.values())) > _TOGETHER:
                self._posted_at.popitem(last=False)
            # No longer than it may be, though the clock was set back.
            wait = min(self._made_up_at.get(customer, _LONG_AGO) - now - _AT_ONCE, _MOST)
            return wait if len(self._posted_at) > 1 and wait > timedelta(0) else None

    def count(self, customer: int, records: int, new: int, now: datetime) -> None:
        """Count a post.

        Args:
            customer: Whose it is.
            records: How many flow records it brought.
            new: How many names and addresses of an hour were new, and how many of its lines were rejected.
            now: When it was stored.

        """
        with self._lock:
            made_up_at = max(self._made_up_at.get(customer, _LONG_AGO), now) + (records + NEW * new) * self._each
            self._made_up_at[customer] = min(made_up_at, now + _AT_ONCE + _MOST)
