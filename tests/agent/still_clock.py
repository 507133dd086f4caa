"""A clock that a test moves."""

import time


class StillClock:
    """Stands still until it is told how much passes; the time of day begins with the real one."""

    def __init__(self):
        self._start_ms = time.time_ns() // 1_000_000
        self._passed = 1000.0
        self.wrong_by = 0.0

    def now_ms(self):
        return self._start_ms + int((self._passed - 1000.0 + self.wrong_by) * 1000)

    def passed(self):
        return self._passed

    def move(self, seconds):
        """Let time pass."""
        self._passed += seconds
