"""A watch over queries of people, who may ask for what takes for ever."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

_AGAIN_SECONDS: Final = 0.1


class TooSlowError(Exception):
    """A query took longer than it may, and was stopped."""


@contextmanager
def stopped_after(seconds: float, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let a cursor's queries run for so long, and stop what runs then.

    Raises:
        TooSlowError: The time was up.

    """
    ended = threading.Event()

    def watch() -> None:
        if not ended.wait(seconds):
            cursor.interrupt()
        # Again and again, since between two queries, or before the first, there is nothing to interrupt.
        while not ended.wait(_AGAIN_SECONDS):
            cursor.interrupt()

    watcher = threading.Thread(target=watch, name="watch over a query", daemon=True)
    watcher.start()
    try:
        yield
    except duckdb.InterruptException:
        raise TooSlowError(f"The query took longer than {seconds:g} s.") from None
    finally:
        ended.set()
        watcher.join()
