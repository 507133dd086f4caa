"""News of what agents are to do, for those who wait for it: no one looks at the store again and again."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """One agent's wait, on the event loop that it was begun on.

    Attributes:
        over: Whether to wait no longer, in any case.

    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.over = False

    def wake(self, *, over: bool = False) -> None:
        """End the present wait, from any thread."""
        self.over = self.over or over
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Wait for news, and tell whether there may be some, or whether the time went by without any."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Changes:
    """Tells agents that wait. Every method may be called from any thread, and none blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[tuple[int, str], Watch] = {}
        self._ended = False

    @contextmanager
    def watched(self, customer: int, agent: str) -> Iterator[Watch]:
        """Let a customer's agent wait. An agent waits once: whoever waited in its name before is woken, and over."""
        place, watch = (customer, agent), Watch()
        with self._lock:
            watch.over = self._ended
            before = self._watches.get(place)
            self._watches[place] = watch
        if before is not None:
            before.wake(over=True)
        try:
            yield watch
        finally:
            with self._lock:
                if self._watches.get(place) is watch:
                    del self._watches[place]

    def tell(self, customer: int, *, over: bool = False) -> None:
        """Wake a customer's agents: what they are to do may have changed, or their wait is over.

        In a transaction too: who is woken reads the database, and gets to it once the transaction is over.
        """
        with self._lock:
            woken = [watch for (each, _), watch in self._watches.items() if each == customer]
        for watch in woken:
            watch.wake(over=over)

    def end(self) -> None:
        """Wake everybody for good: nothing is waited for any more."""
        with self._lock:
            self._ended = True
            woken = list(self._watches.values())
        for watch in woken:
            watch.wake(over=True)

    def __len__(self) -> int:
        """Return how many agents wait."""
        with self._lock:
            return len(self._watches)
