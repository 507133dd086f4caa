"""How long to wait after the edge failed to answer properly."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 300.0
_LONGEST_ASKED_SECONDS: Final = 3600.0


class Backoff:
    """Doubles the wait each time, with random jitter, so that a thousand agents don't return at the same time."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next = _FIRST_SECONDS

    def wait(self, asked: float | None = None) -> float:
        """Return how many seconds to wait now; at least as long as the edge asked for, within reason."""
        wait = self._next * (0.5 + self._chance() / 2)
        self._next = min(self._next * 2, _LONGEST_SECONDS)
        return max(wait, min(asked or 0.0, _LONGEST_ASKED_SECONDS))

    def reset(self) -> None:
        """Reset the wait, because the edge answered."""
        self._next = _FIRST_SECONDS
