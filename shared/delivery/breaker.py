"""What a process remembers about the gateway between invocations."""

import threading
from collections import Counter

from shared.clock import Clock
from shared.delivery.batch import Batch
from shared.errors import UnexpectedAnswer

_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 600.0
_BATCHES_IN_A_ROW = 2
_LINES_IN_A_ROW = 100


class Breaker:
    """Keeps events from posting for a while after the gateway failed; the pause doubles from one to ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = _FIRST_PAUSE
        self._until = 0.0

    @property
    def pause_left(self) -> float:
        """Seconds until the gateway may be asked again; 0 when it may be asked now."""
        return max(0.0, self._until - self._clock.monotonic())

    def failed(self, wait: float | None = None) -> None:
        """Record that the gateway finally failed; `wait` is what it asked for, in seconds."""
        with self._lock:
            if self.pause_left:
                return
            pause = min(max(self._pause, wait or 0.0), _LONGEST_PAUSE)
            self._until = self._clock.monotonic() + pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def worked(self) -> None:
        """Record that the gateway accepted a batch."""
        with self._lock:
            self._pause = _FIRST_PAUSE


class Refusals:
    """Distinguishes a gateway that refuses a line from one that refuses everything, so as not to fill quarantine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches: Counter[str] = Counter()
        self._lines = 0

    def accepted(self) -> None:
        """Record that the gateway accepted a record."""
        with self._lock:
            self._start_over()

    def refused(self, batch: Batch, log: str = "") -> None:
        """Count a refusal: of a batch as malformed, or of a line for whatever reason.

        A batch of one line counts as a line: a bad one says nothing about the others.

        Args:
            batch: What was refused.
            log: The log blob that it comes from. Batches are counted for each separately: of one log, all lines of a
                batch are settled before the next batch, while of several at once each may still have good lines.

        Raises:
            UnexpectedAnswer: Two whole batches of a log, or a hundred single lines, were refused in a row.
        """
        with self._lock:
            if len(batch.lines) == 1:
                self._lines += 1
            elif batch.whole:
                self._batches[log] += 1
            if self._batches[log] < _BATCHES_IN_A_ROW and self._lines < _LINES_IN_A_ROW:
                return
            # Counting starts again after the breaker's pause, by which time somebody may have dealt with it.
            self._start_over()
        raise UnexpectedAnswer(
            "The gateway, or something in front of it, refuses everything, however small. Check APIGW_URL, and that "
            "the gateway knows this flow record."
        )

    def _start_over(self) -> None:
        self._batches.clear()
        self._lines = 0
