"""What happened when: allowed and denied over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.console.traffic.view import View
from gateway.traffic.question import Question
from gateway.traffic.store import Questions
from gateway.traffic.totals import Timeline


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a timeline.

    Attributes:
        start: When it begins, in epoch milliseconds; the first step begins with what was asked for.
        end: When it ends.
        allowed: Its records that say that the flow was allowed.
        denied: Its records that say that it was denied.
        observed: Its records that say nothing of a decision: those of agents.
        bytes: In both directions, as far as they were measured.
        view: What leads to its rows.
    """

    start: int
    end: int
    allowed: int
    denied: int
    observed: int
    bytes: int
    view: View

    @property
    def records(self) -> int:
        """All its records."""
        return self.allowed + self.denied + self.observed


def steps_of(line: Timeline, view: View) -> list[Step]:
    """Return the steps of a timeline, each within what was asked for."""
    steps = []
    for number, counts in enumerate(zip(line.allowed, line.denied, line.observed, line.bytes, strict=True)):
        start = max(line.start + number * line.step, view.start)
        end = min(line.start + (number + 1) * line.step, view.end)
        steps.append(Step(start, end, *counts, view.within(start, end)))
    return steps


def whole(steps: Sequence[Step], view: View) -> Step:
    """Return all steps as one, which spares the records a question."""
    allowed, denied, observed, size = (
        sum(counts) for counts in zip(*((s.allowed, s.denied, s.observed, s.bytes) for s in steps), strict=True)
    )
    return Step(view.start, view.end, allowed, denied, observed, size, view)


def answer(records: Questions, question: Question, view: View) -> Mapping[str, Any]:
    line = records.timeline(question)
    steps = steps_of(line, view)
    return {"totals": whole(steps, view), "steps": steps, "step": timedelta(milliseconds=line.step)}
