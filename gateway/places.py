"""Places for work in threads: few at once, and shared by the customers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio


@dataclass(slots=True, eq=False)
class _Waiting:
    """Somebody who waits for a place.

    Attributes:
        customer: Whose place it will be.
        called: Set once there is one.
    """

    customer: int
    called: anyio.Event = field(default_factory=anyio.Event)


class Places:
    """So many places. A customer has no more than its share of them, and who has the fewest comes next.

    Attributes:
        threads: As many as there are places.
        stopped: How many questions took longer than people wait.
    """

    def __init__(self, total: int, share: int) -> None:
        """Begin with all places free.

        Args:
            total: How many there are.
            share: How many of them one customer has at most.
        """
        self.threads = anyio.CapacityLimiter(total)
        self.stopped = 0
        self._total = total
        self._share = share
        self._taken: Counter[int] = Counter()
        self._waiting: list[_Waiting] = []

    @property
    def running(self) -> int:
        """How many places are taken."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    async def run[*Arguments, Result](
        self, customer: int, work: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Do something in a thread, once there is a place for a customer. Whoever is cancelled gives up waiting."""
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
        """Give free places to those who wait."""
        while self._taken.total() < self._total:
            able = [each for each in self._waiting if self._taken[each.customer] < self._share]
            if not able:
                return
            following = min(able, key=lambda each: self._taken[each.customer])
            self._waiting.remove(following)
            self._taken[following.customer] += 1
            following.called.set()
