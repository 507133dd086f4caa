"""`run`: polling, collecting and delivering at the same time, until told to stop."""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import threading
from collections.abc import Callable
from typing import Final

from agent.collecting import Collector
from agent.delivery.delivering import Delivery
from agent.delivery.polling import Polling
from agent.delivery.settings import Settings

_logger = logging.getLogger("agent")
_END_SECONDS: Final = 10.0
_SIGNALS_SECONDS: Final = 1.0


class Loop(threading.Thread):
    """Takes one step after another, and waits in between for as long as each step says, or until it is woken."""

    def __init__(self, name: str, step: Callable[[], float | None], ended: queue.SimpleQueue[int]) -> None:
        # As a daemon: an answer that doesn't arrive must not keep the agent from stopping.
        super().__init__(name=name, daemon=True)
        self._step = step
        self._ended = ended
        self._wake = threading.Event()
        self._stopping = False

    def wake(self) -> None:
        """Take the next step at once."""
        self._wake.set()

    def stop(self) -> None:
        """Take no further step."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Take steps until stopped; a bug in one stops the agent, so that somebody notices."""
        try:
            while not self._stopping:
                wait = self._step()
                self._wake.wait(wait)
                self._wake.clear()
        except Exception:  # whatever it was, an agent that only half works must not continue
            _logger.exception("The agent failed.")
            self._ended.put(1)


class Runner:
    """The three loops, and what passes between them."""

    def __init__(
        self, collector: Collector, delivery: Delivery, polling: Callable[[Callable[[Settings], None]], Polling]
    ) -> None:
        self._collector = collector
        self._settings: queue.SimpleQueue[Settings] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._collecting = Loop("collecting", self._collect, self._ended)
        self._delivering = Loop("delivering", delivery.step, self._ended)
        self._polling = Loop("polling", polling(self._pass_on).step, self._ended)

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; return the exit code."""
        # Only a SimpleQueue may be used in a signal handler: an Event could wait for a lock that its own thread holds.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ended.put(0))
        for loop in (self._polling, self._collecting, self._delivering):
            loop.start()
        code = self._wait_for_end()
        for loop in (self._polling, self._collecting, self._delivering):
            loop.stop()
        self._collecting.join(_END_SECONDS)
        if code == 0 and not self._collecting.is_alive():
            self._collector.finish()
            _logger.info("The agent is stopping; what it has found so far is in the spool.")
        return code

    def _wait_for_end(self) -> int:
        while True:
            # Windows checks for signals only between two waits.
            with contextlib.suppress(queue.Empty):
                return self._ended.get(timeout=_SIGNALS_SECONDS)

    def _collect(self) -> float | None:
        while not self._settings.empty():
            self._collector.apply(self._settings.get())
        wait = self._collector.step()
        self._delivering.wake()
        return wait

    def _pass_on(self, settings: Settings) -> None:
        self._settings.put(settings)
        self._collecting.wake()
