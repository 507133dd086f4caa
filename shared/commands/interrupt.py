"""Ctrl-C for commands that should stop cleanly."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from shared.commands.output import say


@contextmanager
def until_ctrl_c() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C sets; a second one interrupts as usual."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()
        say("Stopping as soon as the posts in progress are answered.")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
