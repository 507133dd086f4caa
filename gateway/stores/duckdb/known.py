"""A cache of numbers, bounded for all customers together."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Final

_AT_ONCE: Final = 8
"""The fraction of a customer's numbers that is evicted at once, so that it is not needed again soon."""


class Known:
    """A cache of numbers by customer and key.

    When it is full, the least recently used numbers of the customer with the most are evicted: a customer who floods
    the cache loses its own, and one with less than its fair share loses nothing.
    """

    def __init__(self, most: int) -> None:
        """Create an empty cache.

        Args:
            most: How many numbers to keep, of all customers.
        """
        self._most = most
        self._customers: dict[int, OrderedDict[Hashable, int]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return the size of the cache, for all customers."""
        return self._count

    def find(self, customer: int, key: Hashable) -> int | None:
        """Return the number of a customer's key, if it is cached."""
        known = self._customers.get(customer)
        if known is None or key not in known:
            return None
        known.move_to_end(key)
        return known[key]

    def learn(self, customer: int, numbers: Mapping[Hashable, int]) -> None:
        """Cache a customer's numbers."""
        known = self._customers.setdefault(customer, OrderedDict())
        before = len(known)
        known.update(numbers)
        self._count += len(known) - before
        while self._count > self._most:
            self._make_room()

    def forget(self) -> None:
        """Forget everything."""
        self._customers.clear()
        self._count = 0

    def _make_room(self) -> None:
        known = max(self._customers.values(), key=len)
        for _ in range(len(known) // _AT_ONCE + 1):
            known.popitem(last=False)
            self._count -= 1
