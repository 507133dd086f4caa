"""Exploring a system that is small enough to know everything about it."""

from dataclasses import dataclass
from typing import NamedTuple

from dev.claims.explore import Found, explore
from dev.claims.violation import Violation


class Count(NamedTuple):
    number: int
    wrong: Violation | None = None


@dataclass(frozen=True)
class Bounds:
    highest: int


@dataclass(frozen=True)
class Counting:
    """Counts by ones; somebody may add three. Neither goes beyond the highest."""

    bounds: Bounds
    rules: Bounds = Bounds(0)
    forbidden: int | None = None
    rests_at: int | None = None

    def start(self):
        return Count(0)

    def by_itself(self, state):
        return [] if state.number == self.rests_at else self.steps(state, 1, "One is added.")

    def from_outside(self, state):
        return self.steps(state, 3, "Three are added.")

    def at_rest(self, state):
        return Violation.LOST if state.number == self.rests_at else None

    def steps(self, state, by, label):
        after = state.number + by
        wrong = Violation.GOES_BACK if after == self.forbidden else None
        return [(label, Count(after, wrong))] if after <= self.bounds.highest else []


def test_every_state_is_seen_once():
    assert explore(Counting(Bounds(10))) == Found(states=11)


def test_what_goes_wrong_is_told_by_the_shortest_story():
    found = explore(Counting(Bounds(10), forbidden=7))
    assert found.violation is Violation.GOES_BACK
    assert sorted(found.story) == ["One is added.", "Three are added.", "Three are added."]


def test_a_step_that_goes_wrong_ends_the_story():
    assert explore(Counting(Bounds(10), forbidden=3)).story == ("Three are added.",)


def test_a_state_is_judged_where_nothing_happens_by_itself():
    found = explore(Counting(Bounds(10), rests_at=4))
    assert (found.violation, len(found.story)) == (Violation.LOST, 2)


def test_a_state_that_goes_on_by_itself_is_not_judged():
    assert explore(Counting(Bounds(3), rests_at=4)).violation is None
