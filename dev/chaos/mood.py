"""What kind of trouble a schedule is about."""

from enum import Enum
from random import Random
from typing import Final

from dev.chaos.failures import Failure
from dev.chaos.steps import GATEWAY_STEPS, STORAGE_STEPS, SWEEP_STEPS, Blow, Step, Trap
from dev.chaos.storage_faults import MEDDLED, Operation, StorageTrouble, drawn

_NOW_AND_THEN: Final = 0.65
_IN_THE_SWEEP: Final = 0.7
_FREQUENT: Final = frozenset({Step.BEFORE_POST, Step.POST_ARRIVED, Step.POST_STORED, Step.AFTER_REPLY})
_WEIGHTS: Final = {
    Step.HALVED: 3,
    Step.BEFORE_QUARANTINE: 3,
    Step.AFTER_QUARANTINE: 3,
    Step.POINTED: 2,
}
"""Steps that most workers never come to, or are soon past."""
_AROUND_POSTS: Final = (
    Step.BEFORE_POST,
    Step.AFTER_REPLY,
    Step.POST_ARRIVED,
    Step.POST_STORED,
    Step.HALVED,
    Step.BEFORE_CHECKPOINT,
    Step.AFTER_CHECKPOINT,
)
_HOLDING: Final = (
    Step.CLAIMED,
    Step.LOG_READ,
    Step.BEFORE_POST,
    Step.AFTER_REPLY,
    Step.BEFORE_QUARANTINE,
    Step.BEFORE_CHECKPOINT,
    Step.AFTER_CHECKPOINT,
)
_ASKED: Final = {
    Operation.CHECKPOINT_REPLACE: 6,
    Operation.BLOCK_LIST: 3,
    Operation.READ: 3,
    Operation.CHECKPOINT_READ: 2,
    Operation.PROPERTIES: 2,
}
"""How often operations are answered wrongly, the others once; a third of all are replaces of entities."""
_NTH: Final = {
    Operation.CHECKPOINT_REPLACE: 12,
    Operation.BLOCK_LIST: 10,
    Operation.READ: 20,
    Operation.WATERMARK_INSERT: 1,
    Operation.PROPERTIES: 2,
    Operation.POINTER_DELETE: 2,
    Operation.CHECKPOINT_INSERT: 2,
}
"""Up to which request of a round, of the others up to the fourth."""


class Mood(Enum):
    """A kind of trouble.

    CALM: none. MIXED: every failure, and blows of every kind at every step. HALVING: a gateway that takes as much as it
    likes, and workers that are killed around their posts; what was halved must stay so. STORAGE: storage, or what
    stands before it, answers wrongly, again and again. SLEEPY: workers freeze while they hold a log.
    """

    CALM = "calm"
    MIXED = "mixed"
    HALVING = "halving"
    STORAGE = "storage"
    SLEEPY = "sleepy"

    @classmethod
    def draw(cls, random: Random) -> "Mood":
        """Draw a mood; most are mixed."""
        return random.choices(tuple(cls), weights=(15, 40, 10, 25, 10))[0]

    def trap(self, random: Random, *, sweeping: bool) -> Trap | None:
        """Draw what happens to a worker in one round, in which perhaps it does nothing but sweep."""
        if self in {Mood.CALM, Mood.STORAGE} or random.random() > _NOW_AND_THEN:
            return None
        if self is Mood.HALVING:
            return Trap(random.choice(_AROUND_POSTS), random.randint(1, 4), Blow.KILL)
        if self is Mood.SLEEPY:
            return Trap(random.choice(_HOLDING), random.randint(1, 2), Blow.FREEZE)
        if sweeping and random.random() < _IN_THE_SWEEP:
            # In order, since the order of a set is another one in every process.
            step = random.choice([step for step in Step if step in SWEEP_STEPS])
        else:
            step = random.choices(tuple(Step), weights=[_WEIGHTS.get(step, 1) for step in Step])[0]
        blows = [Blow.KILL] * 4
        if step not in GATEWAY_STEPS:
            blows.append(Blow.FREEZE)
        if step in STORAGE_STEPS:
            blows.append(Blow.FAIL)
        return Trap(step, random.randint(1, 5 if step in _FREQUENT else 2), random.choice(blows))

    def failures(self, random: Random, last: int) -> dict[int, Failure]:
        """Draw what a round's posts meet, up to the `last`."""
        match self:
            case Mood.CALM | Mood.STORAGE | Mood.SLEEPY:
                return {}
            case Mood.MIXED:
                return {random.randint(1, last): random.choice(tuple(Failure)) for _ in range(random.randint(0, 4))}
            case Mood.HALVING:
                return {random.randint(1, last): Failure.TOO_LARGE for _ in range(random.randint(1, 6))}

    def storage(self, random: Random) -> tuple[StorageTrouble, ...]:
        """Draw what happens to what storage is asked in a round."""
        match self:
            case Mood.CALM | Mood.HALVING | Mood.SLEEPY:
                return ()
            case Mood.MIXED:
                number = random.choice((0, 0, 1, 2))
            case Mood.STORAGE:
                number = random.randint(1, 6)
        return tuple(_trouble(random) for _ in range(number))


def _trouble(random: Random) -> StorageTrouble:
    operation = random.choices(MEDDLED, weights=[_ASKED.get(each, 1) for each in MEDDLED])[0]
    fault, times = random.choice(drawn(operation)), random.choice((1, 1, 1, 2, 5))
    return StorageTrouble(operation, random.randint(1, _NTH.get(operation, 4)), fault, times)
