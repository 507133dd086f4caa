"""Notifications of what agents should collect, so that waiting polls need not query the store repeatedly."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """One agent's wait, on the event loop that it was started on.

    Attributes:
        over: Whether to stop waiting in any case.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.over = False

    def wake(self, *, over: bool = False) -> None:
        """End the current wait, from any thread."""
        self.over = self.over or over
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Wait for a change; return whether there may be one, as opposed to a timeout."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Changes:
    """Notifies waiting agents. Every method may be called from any thread, and none blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watches: dict[tuple[int, str], Watch] = {}
        self._ended = False

    @contextmanager
    def watched(self, customer: int, agent: str) -> Iterator[Watch]:
        """Let a customer's agent wait. An agent waits once: an earlier wait under its name is woken and over."""
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
        """Wake a customer's agents: what they should collect may have changed, or their wait is over.

        This also works in a transaction: a woken agent reads the database, and gets access once the transaction is
        over.
        """
        with self._lock:
            woken = [watch for (each, _), watch in self._watches.items() if each == customer]
        for watch in woken:
            watch.wake(over=over)

    def end(self) -> None:
        """Wake everybody permanently: nothing is waited for any more."""
        with self._lock:
            self._ended = True
            woken = list(self._watches.values())
        for watch in woken:
            watch.wake(over=True)

    def __len__(self) -> int:
        """Return the number of waiting agents."""
        with self._lock:
            return len(self._watches)
