"""How much there is of what was asked for, in all and over time."""

from dataclasses import dataclass
from typing import Final

from gateway.stores.records import Records
from gateway.traffic.basis import basis_of
from gateway.traffic.questions import Question, condition
from shared.flowlog.record import Decision

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


def totals(records: Records, question: Question) -> Totals:
    """Sum up what was asked for."""
    asked, basis = condition(records, question), basis_of(question.search)
    (row,) = records.rows(
        f"""SELECT count(*), count(*) FILTER (decision = 'allow'), count(*) FILTER (decision = 'deny'), {basis.sql}
            FROM records WHERE {asked.sql}""",  # noqa: S608 - our own words
        asked.parameters,
    )
    return Totals(*map(int, row))


def timeline(records: Records, question: Question, steps: int = 120) -> Timeline:
    """Sum up what was asked for over time.

    Args:
        records: The store.
        question: What is asked for.
        steps: How many steps there may be, at most; beyond years of time there may be more.

    """
    step = _step(question.end - question.start, steps)
    start = question.start // step * step
    asked, basis = condition(records, question), basis_of(question.search)
    # By decision in groups, since filters in sums take nearly twice as long.
    rows = records.rows(
        f"""SELECT (time - ?) // ? AS place, decision, count(*), {basis.sql}
            FROM records WHERE {asked.sql} GROUP BY place, decision""",  # noqa: S608 - our own words
        [start, step, *asked.parameters],
    )
    count = max(-(-(question.end - start) // step), 1)
    counts = {decision: [0] * count for decision in (*Decision, None)}
    sizes = [0] * count
    for place, decision, number, size in rows:
        counts[decision][place] += number
        sizes[place] += int(size)
    parts = (counts[Decision.ALLOW], counts[Decision.DENY], counts[None], sizes)
    return Timeline(start, step, *map(tuple, parts))


def _step(span: int, steps: int) -> int:
    # One less, since the first step begins before the span does.
    shortest = -(-span // max(steps - 1, 1))
    return next((step for step in _STEPS if step >= shortest), _STEPS[-1])
