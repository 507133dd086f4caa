"""The time, passed in so that tests can control it."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Protocol


class Clock(Protocol):
    """The current time, and elapsed time."""

    def now_ms(self) -> int:
        """Return epoch milliseconds."""

    def passed(self) -> float:
        """Return seconds since an arbitrary moment; they never go back, whatever happens to the machine's clock."""


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def passed(self) -> float:
        return time.monotonic()


def iso(time_ms: int) -> str:
    """Return epoch milliseconds as ISO 8601, in UTC."""
    moment = datetime.fromtimestamp(time_ms // 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"
