"""The hours kept in memory, bounded for each customer, and in total."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from gateway.stores.duckdb.counting.facts import OpenHour
from gateway.stores.duckdb.counting.hour import Hour

LARGEST: Final = 200_000
"""How much an hour may have shown to be held: up to 45 MB."""
_OF_A_CUSTOMER: Final = 2 * LARGEST
"""Two large hours at the least: at the change of the hour records of both come."""
_OF_ALL: Final = 5 * LARGEST

type Read = Callable[[OpenHour, int], Hour | None]
"""Reads what an hour has shown; returns None if that is more than so many things."""


class Hours:
    """The hours that are held; of each customer those that were used last."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._held: dict[int, OrderedDict[int, Hour]] = {}
        self._sizes: Counter[int] = Counter()
        self._too_large: set[tuple[int, int]] = set()

    @property
    def size(self) -> int:
        """About how many things are held of all."""
        return self._sizes.total()

    def clear(self) -> None:
        """Clear the cache."""
        self._held.clear()
        self._sizes.clear()
        self._too_large.clear()

    def forget(self, customer: int) -> None:
        """Remove a customer from the cache."""
        self._held.pop(customer, None)
        del self._sizes[customer]

    def find(self, at: OpenHour) -> Hour | None:
        """Return what an hour has shown; None if that is too much. That stays so, lest each post find it out again."""
        if (at.customer, at.number) in self._too_large:
            return None
        hours = self._held.setdefault(at.customer, OrderedDict())
        hour = hours.get(at.number)
        if hour is None:
            hour = self._read(at, LARGEST)
            if hour is None:
                self._too_large.add((at.customer, at.number))
                return None
            hours[at.number] = hour
            self._sizes[at.customer] += hour.size
        hours.move_to_end(at.number)
        return hour

    def grown(self, at: OpenHour, more: int) -> None:
        """Note that an hour that is held has grown by so much, and let go of what is too much then."""
        hour = self._held[at.customer][at.number]
        self._sizes[at.customer] += more
        if hour.size > LARGEST:
            self._let_go(at.customer, at.number)
            self._too_large.add((at.customer, at.number))
        while self._sizes[at.customer] > _OF_A_CUSTOMER:
            self._let_go_of_oldest(at.customer)
        while self.size > _OF_ALL:
            self._let_go_of_oldest(self._sizes.most_common(1)[0][0])

    def _let_go_of_oldest(self, customer: int) -> None:
        self._let_go(customer, next(iter(self._held[customer])))

    def _let_go(self, customer: int, number: int) -> None:
        self._sizes[customer] -= self._held[customer].pop(number).size
