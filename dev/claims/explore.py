"""Goes through every state that a system can come to, nearest first."""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dev.claims.violation import Violation

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Move[S] = tuple[str, S]
"""What happens, as a sentence, and the state after it."""


class State(Protocol):
    """Everything that matters of a moment; two equal states have the same future."""

    @property
    def wrong(self) -> Violation | None:
        """What went wrong on the way here."""

    def __hash__(self) -> int: ...


class System[S: State](Protocol):
    """Something in which one thing happens after another, in any order.

    Attributes:
        bounds: How much may happen.
        rules: What the workers keep to.
    """

    @property
    def bounds(self) -> "DataclassInstance": ...
    @property
    def rules(self) -> "DataclassInstance": ...

    def start(self) -> S:
        """Return the state before anything has happened."""

    def by_itself(self, state: S) -> list[Move[S]]:
        """Return what the workers and the gateway may do next; they do it sooner or later, if they live."""

    def from_outside(self, state: S) -> list[Move[S]]:
        """Return what may also happen, but needn't: commits, faults, the time."""

    def at_rest(self, state: S) -> Violation | None:
        """Judge a state in which nothing happens by itself any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an exploration has found.

    Attributes:
        states: How many states were seen.
        violation: What goes wrong in one of them; None if nothing does.
        story: The shortest way there.
    """

    states: int
    violation: Violation | None = None
    story: tuple[str, ...] = ()


def explore[S: State](system: System[S]) -> Found:
    """Return what goes wrong soonest, or the number of all states if nothing does."""
    start = system.start()
    # By their hashes, of 64 bits: two of ten million states share one with a probability of one to 400,000.
    came_from = {hash(start): hash(start)}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        code = hash(state)
        moves = [] if state.wrong else system.by_itself(state)
        violation = state.wrong or (None if moves else system.at_rest(state))
        if violation is not None:
            return Found(len(came_from), violation, tuple(_story(system, came_from, code)))
        for _, after in (*moves, *system.from_outside(state)):
            reached = hash(after)
            if reached not in came_from:
                came_from[reached] = code
                waiting.append(after)
    return Found(len(came_from))


def _story[S: State](system: System[S], came_from: dict[int, int], end: int) -> list[str]:
    state = system.start()
    way = [end]
    while way[-1] != hash(state):
        way.append(came_from[way[-1]])
    story = list[str]()
    for code in reversed(way[:-1]):
        moves = (*system.by_itself(state), *system.from_outside(state))
        label, state = next((label, after) for label, after in moves if hash(after) == code)
        story.append(label)
    return story
