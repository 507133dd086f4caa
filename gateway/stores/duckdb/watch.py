"""Time limits for people's queries, which may take for ever."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

from gateway.traffic.store import TooSlowError

_AGAIN_SECONDS: Final = 0.1


class Patience:
    """How long somebody waits, from the first query on, for all of them together.

    Attributes:
        seconds: The most seconds.
        left: Set once nobody is waiting any more.
    """

    def __init__(self, seconds: float, left: threading.Event) -> None:
        self.seconds = seconds
        self.left = left
        self._end: float | None = None

    def end(self) -> float:
        """Return when the time is up, by the monotonic clock; it begins with the first call."""
        if self._end is None:
            self._end = time.monotonic() + self.seconds
        return self._end


@contextmanager
def stopped_after(patience: Patience, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run a cursor's queries for as long as somebody waits, and stop what is running then.

    Raises:
        TooSlowError: The time is up, or nobody is waiting any more.
    """
    end = patience.end()
    # Of many short queries none runs long enough to be interrupted.
    if patience.left.is_set() or time.monotonic() >= end:
        raise _too_slow(patience)
    ended = threading.Event()

    def watch() -> None:
        # Repeatedly, since between two queries, or before the first, there is nothing to interrupt.
        while not ended.wait(min(_AGAIN_SECONDS, max(0, end - time.monotonic()) or _AGAIN_SECONDS)):
            if patience.left.is_set() or time.monotonic() >= end:
                cursor.interrupt()

    watcher = threading.Thread(target=watch, name="watch over a query", daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException:
        raise _too_slow(patience) from None
    finally:
        ended.set()
        watcher.join()


def _too_slow(patience: Patience) -> TooSlowError:
    if patience.left.is_set():
        return TooSlowError("Nobody is waiting for the answer any more.")
    return TooSlowError(f"The answer took longer than {patience.seconds:g} s.")
