"""How long to leave the edge alone after it did not answer as it should."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 300.0
_LONGEST_ASKED_SECONDS: Final = 3600.0


class Backoff:
    """Waits twice as long each time, by chance somewhat less, so that a thousand agents don't come back together."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next = _FIRST_SECONDS

    def wait(self, asked: float | None = None) -> float:
        """Return how many seconds to wait now; never less than was asked for, within reason."""
        wait = self._next * (0.5 + self._chance() / 2)
        self._next = min(self._next * 2, _LONGEST_SECONDS)
        return max(wait, min(asked or 0.0, _LONGEST_ASKED_SECONDS))

    def reset(self) -> None:
        """Begin anew: it answered."""
        self._next = _FIRST_SECONDS
