"""How much there is of what was asked for, in all and over time."""

from dataclasses import dataclass
from typing import Final

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_STEPS: Final = (
    *(count * _SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * _MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * _HOUR for count in (1, 2, 3, 6, 12)),
    *(count * _DAY for count in (1, 2, 7, 14, 28, 91, 182, 364)),
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the records that were asked for.

    Attributes:
        records: How many there are.
        allowed: How many of them say that the flow was allowed.
        denied: How many of them say that it was denied.
        bytes: In both directions, on the basis of `basis_of`.
    """

    records: int
    allowed: int
    denied: int
    bytes: int

    @property
    def observed(self) -> int:
        """How many say nothing of a decision: those of agents, which know of none."""
        return self.records - self.allowed - self.denied


@dataclass(frozen=True, slots=True)
class Timeline:
    """Sums over steps of equal length.

    Attributes:
        start: When the first step begins, in epoch milliseconds; a multiple of the step.
        step: How long each is, in milliseconds.
        allowed: Records of each step that say that the flow was allowed.
        denied: Records of each step that say that it was denied.
        observed: Records of each step that say nothing of a decision: those of agents, which know of none.
        bytes: In both directions, on the basis of `basis_of`.
    """

    start: int
    step: int
    allowed: tuple[int, ...]
    denied: tuple[int, ...]
    observed: tuple[int, ...]
    bytes: tuple[int, ...]


def step_of(span: int, steps: int) -> int:
    """Return how long the steps of a timeline are, in milliseconds: of lengths that people count in.

    Args:
        span: How much time there is.
        steps: How many steps there may be, at most; beyond years of time there may be more.
    """
    # One less, since the first step begins before the span does.
    shortest = -(-span // max(steps - 1, 1))
    return next((step for step in _STEPS if step >= shortest), _STEPS[-1])
