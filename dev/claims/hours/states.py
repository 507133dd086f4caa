"""A moment in the life of one hour: its log, its checkpoint, the pointer, the watermark."""

from enum import IntEnum
from typing import Final, NamedTuple

from dev.claims.violation import Violation

EVENTS: Final = (0, 1, 2)
SWEEPS: Final = (3, 4)
TIDYING: Final = 5


class Phase(IntEnum):
    """The time: the hour runs; it is over; the two hours after which the watermark may pass it are over, too."""

    RUNS = 0
    OVER = 1
    GRACE_OVER = 2


class Step(IntEnum):
    """What an actor does next."""

    BEGIN = 0
    READ = 1
    LIST = 2
    MARK = 3
    POINT = 4
    CLAIM = 5
    DELIVER = 6
    FINISH = 7
    TAKE_OFF_MARK = 8
    CLOSE = 9
    REMOVE_POINTER = 10
    LIST_POINTERS = 11
    LOOK = 12
    REMOVE_FOUND = 13
    COMPARE = 14
    MOVE = 15
    DELETE = 16
    LEFT = 17
    DEAD = 18


OVER: Final = (Step.LEFT, Step.DEAD)


class Entity(NamedTuple):
    """The checkpoint in the table.

    Attributes:
        settled: The commit at which nothing was left to deliver.
        closed: Whether it says so.
        holder: Whose claim it bears.
        expired: Whether others may take the claim over.
        marked: Whether somebody asked the holder to look again.
        names: Whether the pointer's ETag that it names is still the pointer's.
    """

    settled: int = 0
    closed: bool = False
    holder: int | None = None
    expired: bool = False
    marked: bool = False
    names: bool = False

    @property
    def held(self) -> bool:
        """Whether a claim keeps others off."""
        return self.holder is not None and not self.expired


class Actor(NamedTuple):
    """An event, a sweep or a tidying.

    ETags never repeat, so all that matters of one is whether it is still the entity's, or the pointer's.

    Attributes:
        step: What it does next.
        fresh: Whether the ETag that it knows is still the entity's.
        known: What it knows of an entity that has changed since, until it has listed the log.
        pointer: Whether the ETag that it knows is still the pointer's.
        aged: Whether the pointer was an hour old when it found it.
        listed: The commit that it saw.
        gone: Whether it saw that the log is gone.
        late: Whether it read a watermark that had passed the hour.
    """

    step: Step = Step.BEGIN
    fresh: bool = False
    known: Entity | None = None
    pointer: bool = False
    aged: bool = False
    listed: int = 0
    gone: bool = False
    late: bool = False


class Chances(NamedTuple):
    """How often each fault may still happen."""

    kills: int
    expiries: int


class State(NamedTuple):
    """A moment.

    Attributes:
        phase: The time.
        commits: How many commits the log has.
        gone: Whether it was deleted.
        entity: The checkpoint.
        pointer: Whether it has a pointer.
        passed: Whether the watermark has passed the hour.
        actors: Three events, two sweeps, a tidying.
        stored: The last commit that the gateway has stored.
        told: The last commit that somebody wrote down, by a pointer, a claim, a mark, or a watermark moved after
            listing it. It must arrive, whoever dies.
        chances: The faults that may still happen.
        wrong: What went wrong.
    """

    phase: Phase
    commits: int
    gone: bool
    entity: Entity | None
    pointer: bool
    passed: bool
    actors: tuple[Actor, ...]
    stored: int
    told: int
    chances: Chances
    wrong: Violation | None = None
