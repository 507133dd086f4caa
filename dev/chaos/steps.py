"""The steps of delivery at which a worker process can be killed or frozen."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from shared.errors import StorageAway


class Step(Enum):
    """A moment in delivery; the value is what the figures call it."""

    POINTED = "pointer written, log not claimed"
    CLAIMED = "log claimed"
    TAKEN_OVER = "log taken over, its holder's claim had ended"
    MARKED = "log marked that another holds"
    LOG_READ = "log bytes read"
    BEFORE_POST = "before the post"
    POST_ARRIVED = "post arrived at the gateway, not stored"
    POST_STORED = "post stored, not answered"
    AFTER_REPLY = "after the reply"
    HALVED = "halving saved, no half posted"
    BEFORE_QUARANTINE = "before quarantine"
    AFTER_QUARANTINE = "after quarantine"
    BEFORE_CHECKPOINT = "before the checkpoint"
    AFTER_CHECKPOINT = "after the checkpoint"
    SAVE_REFUSED = "checkpoint refused, the log was marked"
    ROBBED = "checkpoint refused, the log was taken over"
    FINISHED = "claim given up"
    UNPOINTED = "pointer removed"
    BETWEEN_BLOBS = "sweep: between blobs"
    BEFORE_WATERMARK = "sweep: before the watermark"
    AFTER_WATERMARK = "sweep: after the watermark"


SWEEP_STEPS = frozenset({Step.UNPOINTED, Step.BETWEEN_BLOBS, Step.BEFORE_WATERMARK, Step.AFTER_WATERMARK})
"""The steps that hardly any event passes, only a sweep."""

RACE_STEPS = frozenset({Step.TAKEN_OVER, Step.MARKED, Step.SAVE_REFUSED, Step.ROBBED})
"""The steps that take two workers at one log at the same time."""

GATEWAY_STEPS = frozenset({Step.POST_ARRIVED, Step.POST_STORED})
"""The steps at which the gateway holds a post, so that nothing but a kill goes on from there."""


STORAGE_STEPS = frozenset(
    {
        Step.POINTED,
        Step.CLAIMED,
        Step.TAKEN_OVER,
        Step.MARKED,
        Step.LOG_READ,
        Step.BEFORE_QUARANTINE,
        Step.AFTER_QUARANTINE,
        Step.BEFORE_CHECKPOINT,
        Step.AFTER_CHECKPOINT,
        Step.SAVE_REFUSED,
        Step.FINISHED,
        Step.UNPOINTED,
        Step.BEFORE_WATERMARK,
        Step.AFTER_WATERMARK,
    }
)
"""The steps at which storage may fail."""


class Blow(Enum):
    """What happens to the process.

    KILL: SIGKILL. FREEZE: SIGSTOP, until somebody lets it go on as if nothing were. FAIL: storage is away, before it
    did what it was asked or after.
    """

    KILL = "killed"
    FREEZE = "frozen"
    FAIL = "storage away"


@dataclass(frozen=True, slots=True)
class Trap:
    """A blow that strikes when a process comes to a step for the `nth` time, counted from 1."""

    step: Step
    nth: int
    blow: Blow


class Steps:
    """Counts the steps of this process, and springs the trap that is set for it."""

    def __init__(self, announce: Callable[[Trap], None]) -> None:
        """Make a count; `announce` is told of a blow right before it strikes."""
        self._announce = announce
        self._lock = threading.Lock()
        self._trap: Trap | None = None
        self._left = 0
        self._passed: Counter[Step] = Counter()

    def taken(self) -> Counter[Step]:
        """Return how often each step was come to since this was last asked."""
        with self._lock:
            passed, self._passed = self._passed, Counter()
            return passed

    def arm(self, trap: Trap | None) -> None:
        """Set a trap in place of the last one, or take that away."""
        with self._lock:
            self._trap = trap
            self._left = trap.nth if trap else 0

    def reach(self, step: Step) -> None:
        """Come to a step; this may be the last thing that the process does.

        Raises:
            StorageAway: Storage fails at this step.
        """
        trap = self.due(step)
        if trap is not None:
            self.strike(trap)

    def due(self, step: Step) -> Trap | None:
        """Count a step, and return the trap if it is due at this one."""
        with self._lock:
            self._passed[step] += 1
            if self._trap is None or self._trap.step is not step:
                return None
            self._left -= 1
            if self._left:
                return None
            trap, self._trap = self._trap, None
            return trap

    def strike(self, trap: Trap) -> None:
        """Announce the blow, and suffer it.

        Raises:
            StorageAway: That is the blow.
        """
        self._announce(trap)
        match trap.blow:
            case Blow.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Blow.FREEZE:
                # To this thread, so that it stops right here, and all others with it.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            case Blow.FAIL:
                raise StorageAway(f"Storage is away ({trap.step.value}).")
