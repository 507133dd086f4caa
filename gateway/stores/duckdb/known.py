"""Numbers that are known without reading their table: of all customers together a bounded number."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Final

_AT_ONCE: Final = 8
"""Room is made for an eighth of what a customer has at once, so that it need not be looked for again soon."""


class Known:
    """A cache of numbers by customer and key.

    Where room is short, it is taken from the customer that has most, of what that one has not used for longest: whoever
    floods the cache forgets its own, and a customer with less than its fair share forgets nothing.
    """

    def __init__(self, most: int) -> None:
        """Begin with nothing.

        Args:
            most: How many numbers to keep, of all customers.

        """
        self._most = most
        self._customers: dict[int, OrderedDict[Hashable, int]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many numbers are known, of all customers."""
        return self._count

    def find(self, customer: int, key: Hashable) -> int | None:
        """Return the number of a customer's key, if it is known."""
        known = self._customers.get(customer)
        if known is None or key not in known:
            return None
        known.move_to_end(key)
        return known[key]

    def learn(self, customer: int, numbers: Mapping[Hashable, int]) -> None:
        """Know these numbers of a customer's from now on."""
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
