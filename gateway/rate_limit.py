"""Rate limits."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from typing import Final

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class RateLimit:
    """Lets a few attempts of each kind pass at once, and then one after each pause.

    This is the generic cell rate algorithm: for each kind, only the time is kept at which all attempts are made up for.
    """

    def __init__(self, at_once: int, pause: timedelta, kinds: int = 10_000) -> None:
        """Create a limit.

        Args:
            at_once: Attempts that may follow each other without a pause.
            pause: How long it takes until one more is allowed.
            kinds: The most kinds to remember; the least recently tried one is forgotten first.
        """
        self._pause = pause
        self._slack = pause * (at_once - 1)
        self._kinds = kinds
        self._made_up_at: OrderedDict[Hashable, datetime] = OrderedDict()

    def take(self, kind: Hashable, now: datetime) -> timedelta | None:
        """Count an attempt and return None if it may pass; otherwise return how long to wait, without counting it."""
        wait = self._wait(kind, now)
        if wait > timedelta(0):
            return wait
        self._count(kind, now)
        return None

    def reserve(self, kind: Hashable, now: datetime, longest: timedelta) -> timedelta | None:
        """Count an attempt that waits for its turn behind earlier ones.

        Returns: How long it has to wait; None if that is longer than allowed, in which case it is not counted.
        """
        wait = max(self._wait(kind, now), timedelta(0))
        if wait > longest:
            return None
        self._count(kind, now)
        return wait

    def give_back(self, kind: Hashable, now: datetime) -> None:
        """Undo a counted attempt; a kind that has all its attempts back is forgotten."""
        if kind not in self._made_up_at:
            return
        self._made_up_at[kind] -= self._pause
        if self._made_up_at[kind] <= now:
            del self._made_up_at[kind]

    def _wait(self, kind: Hashable, now: datetime) -> timedelta:
        return max(self._made_up_at.get(kind, _LONG_AGO), now) - self._slack - now

    def _count(self, kind: Hashable, now: datetime) -> None:
        self._made_up_at[kind] = max(self._made_up_at.get(kind, _LONG_AGO), now) + self._pause
        self._made_up_at.move_to_end(kind)
        if len(self._made_up_at) > self._kinds:
            self._made_up_at.popitem(last=False)
