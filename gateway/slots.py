"""Slots for work in threads: a few, shared fairly by the customers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio


@dataclass(slots=True, eq=False)
class _Waiting:
    """A caller that waits for a slot.

    Attributes:
        customer: The customer that the slot will be for.
        called: Set once there is one.
    """

    customer: int
    called: anyio.Event = field(default_factory=anyio.Event)


class Slots:
    """A number of slots. A customer has at most its share of them, and the customer with the fewest comes next.

    Attributes:
        threads: The limiter of threads, one for each slot.
        stopped: How many queries were stopped because they took too long.
    """

    def __init__(self, total: int, share: int) -> None:
        """Start with all slots free.

        Args:
            total: The number of slots.
            share: The most slots of one customer.
        """
        self.threads = anyio.CapacityLimiter(total)
        self.stopped = 0
        self._total = total
        self._share = share
        self._taken: Counter[int] = Counter()
        self._waiting: list[_Waiting] = []

    @property
    def running(self) -> int:
        """The number of slots in use."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """The number of callers that wait for a slot."""
        return len(self._waiting)

    async def run[*Arguments, Result](
        self, customer: int, work: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Do something in a thread, once there is a slot for a customer. A cancelled caller stops waiting."""
        await self._enter(customer)
        try:
            return await anyio.to_thread.run_sync(work, *arguments, limiter=self.threads)
        finally:
            self._leave(customer)

    async def _enter(self, customer: int) -> None:
        waiting = _Waiting(customer)
        self._waiting.append(waiting)
        self._call()
        try:
            await waiting.called.wait()
        except BaseException:
            if waiting.called.is_set():
                self._leave(customer)
            else:
                self._waiting.remove(waiting)
            raise

    def _leave(self, customer: int) -> None:
        self._taken[customer] -= 1
        if not self._taken[customer]:
            del self._taken[customer]
        self._call()

    def _call(self) -> None:
        """Give free slots to waiting callers."""
        while self._taken.total() < self._total:
            able = [each for each in self._waiting if self._taken[each.customer] < self._share]
            if not able:
                return
            following = min(able, key=lambda each: self._taken[each.customer])
            self._waiting.remove(following)
            self._taken[following.customer] += 1
            following.called.set()
