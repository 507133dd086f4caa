"""A moment in the life of one log blob: its checkpoint, the workers, the gateway."""

from enum import IntEnum
from typing import Final, NamedTuple

from dev.claims.violation import Violation

EVENTS: Final = (0, 1, 2)
SWEEP: Final = 3
PROCESS_OF: Final = (0, 1, 0, 1)
"""The process in which each worker runs: two events share one."""


class Step(IntEnum):
    """What a worker does next."""

    BEGIN = 0
    KNOW = 1
    LIST = 2
    CLAIM = 3
    MARK = 4
    READ_AGAIN = 5
    LIST_AGAIN = 6
    SAVE_GENERATION = 7
    SAVE_HALVED = 8
    PROLONG = 9
    TAKE_OFF_MARK = 10
    CHECK = 11
    POST = 12
    AWAIT = 13
    FINISH = 14
    GIVE_UP = 15
    READ_HELD = 16
    LEFT = 17
    DEAD = 18


OVER: Final = (Step.LEFT, Step.DEAD)


class Pause(IntEnum):
    """What keeps a worker from going on.

    NAP: it is frozen, for less than the 15 s after which the claim's age next changes. NAP_ENDS: that change has come,
    so that it wakes before the next. ASLEEP: it is frozen for as long as may be. CUT_OFF: it goes on, but doesn't reach
    storage.
    """

    NONE = 0
    NAP = 1
    NAP_ENDS = 2
    ASLEEP = 3
    CUT_OFF = 4


class Age(IntEnum):
    """How old a claim is: its holder may begin a post; not any more; it is over; it was over 15 s ago."""

    GOOD = 0
    LAST_15_S = 1
    OVER = 2
    OVER_FOR_15_S = 3


class Log(NamedTuple):
    """The log blob: how many commits it saw, and which of them replaced what was there (0: none).

    Each commit brings one batch.
    """

    commits: int = 0
    rewritten: int = 0

    def content(self, commit: int) -> tuple[int, int]:
        """Return (generation, number of batches) as a commit left the blob."""
        if self.rewritten and commit >= self.rewritten:
            return 1, commit - self.rewritten + 1
        return 0, commit


class Place(NamedTuple):
    """How far delivery is; `halved` has a bit for each batch that was halved."""

    generation: int = 0
    delivered: int = 0
    halved: int = 0


class Entity(NamedTuple):
    """The checkpoint in the table; `settled` is the commit at which nothing was left to deliver, 0 if something is."""

    place: Place
    settled: int = 0
    holder: int | None = None
    age: int = Age.GOOD
    marked: bool = False


class Kept(NamedTuple):
    """What a process keeps of the entity; it is fresh while no later write has changed the entity's ETag."""

    fresh: bool
    settled: int
    held: bool


class Worker(NamedTuple):
    """An event's invocation, or the sweep's look at the log.

    ETags never repeat, so all that matters of one is whether it is still the entity's.

    Attributes:
        step: What it does next.
        fresh: Whether the ETag that it knows is still the entity's.
        settled: What it knows of the entity, until it has listed the blocks.
        held: The same, of its claim.
        listed: The commit that its block list shows.
        place: How far it is, under its claim.
        part: Which half of the next batch comes next, 1 or 2; 0 for the whole.
        marked: Whether it knows of a mark.
        again: The write that was refused, to be made again.
        pause: What keeps it from going on.
    """

    step: Step = Step.BEGIN
    fresh: bool = False
    settled: int = 0
    held: bool = False
    listed: int = 0
    place: Place = Place()
    part: int = 0
    marked: bool = False
    again: Step = Step.BEGIN
    pause: Pause = Pause.NONE


class Post(NamedTuple):
    """A batch on its way to the gateway: all of it (`cut` 0) or a half (1, 2); its sender, None if that is gone."""

    sender: int | None
    generation: int
    batch: int
    cut: int

    @property
    def bit(self) -> int:
        """The bit that stands for what is posted."""
        return bit(self.generation, self.batch, self.cut)


def bit(generation: int, batch: int, cut: int) -> int:
    """Return the bit for a batch or a half of it."""
    return 1 << ((generation * 3 + batch) * 3 + cut)


class Gateway(NamedTuple):
    """What the gateway has stored, and what was ever sent to it, as bits; whether it takes large batches by now."""

    stored: int = 0
    sent: int = 0
    takes_large: bool = False


class Chances(NamedTuple):
    """How often each thing may still happen; `disturbed` once a fault has happened."""

    kills: int
    lost: int
    sleeps: int
    naps: int
    cuts: int
    late: int
    give_ups: int
    prolongs: int
    disturbed: bool = False


class State(NamedTuple):
    """A moment. `unanswered` is a write without an answer that may still arrive; it is refused once another has."""

    log: Log
    entity: Entity | None
    kept: tuple[Kept | None, Kept | None]
    workers: tuple[Worker, ...]
    wire: frozenset[Post]
    gateway: Gateway
    chances: Chances
    unanswered: Entity | None = None
    wrong: Violation | None = None
