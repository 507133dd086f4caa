"""The transition system of one log blob."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from dev.claims.explore import Move
from dev.claims.passes import around, arriving, holding
from dev.claims.passes.rules import Bounds, Given, Rules
from dev.claims.passes.states import OVER, SWEEP, Chances, Gateway, Log, Pause, State, Step, Worker
from dev.claims.passes.verdict import judge
from dev.claims.violation import Violation

type _Doing = Callable[[Given, State, int], Iterator[Move[State]]]

_STEPS: Final[dict[Step, _Doing]] = {
    Step.BEGIN: arriving.begin,
    Step.KNOW: arriving.know,
    Step.LIST: arriving.list_blocks,
    Step.CLAIM: arriving.claim,
    Step.MARK: arriving.mark,
    Step.READ_AGAIN: arriving.read_again,
    Step.LIST_AGAIN: holding.list_again,
    Step.SAVE_GENERATION: holding.save,
    Step.SAVE_HALVED: holding.save,
    Step.PROLONG: holding.save,
    Step.TAKE_OFF_MARK: holding.save,
    Step.CHECK: holding.check,
    Step.POST: holding.post,
    Step.AWAIT: holding.wait,
    Step.FINISH: holding.finish,
    Step.GIVE_UP: holding.finish,
    Step.READ_HELD: holding.read_held,
}
_WITHOUT_STORAGE: Final = (Step.CHECK, Step.POST)


@dataclass(frozen=True, slots=True)
class OneLog:
    """One log blob within bounds, delivered by the rules given."""

    bounds: Bounds
    rules: Rules = field(default_factory=Rules)

    def start(self) -> State:
        """Return the state before the first commit."""
        bounds = self.bounds
        chances = Chances(
            bounds.kills,
            bounds.lost,
            bounds.sleeps,
            bounds.naps,
            bounds.cuts,
            bounds.late,
            bounds.give_ups,
            bounds.prolongs,
        )
        return State(Log(), None, (None, None), (Worker(),) * 4, frozenset(), Gateway(), chances)

    def by_itself(self, state: State) -> list[Move[State]]:
        """Return the workers' next steps, and the gateway's answers."""
        given = Given(self.bounds, self.rules)
        moves = list[Move[State]]()
        for number in self._active(state):
            worker = state.workers[number]
            if worker.pause != Pause.NONE:
                moves += around.wakes(given, state, number)
            if worker.pause == Pause.NONE or (worker.pause == Pause.CUT_OFF and worker.step in _WITHOUT_STORAGE):
                moves += _STEPS[worker.step](given, state, number)
        for sent in state.wire:
            moves += around.answers(given, state, sent)
        return moves

    def from_outside(self, state: State) -> list[Move[State]]:
        """Return commits, faults and the time."""
        given = Given(self.bounds, self.rules)
        moves = [*around.commits(given, state)]
        for number in self._active(state):
            if state.workers[number].step != Step.BEGIN:
                moves += around.faults(given, state, number)
        for sent in state.wire:
            moves += around.ends_attempts(state, sent)
        moves += around.gateway_learns(given, state)
        moves += around.late_writes(given, state)
        moves += around.time_passes(given, state)
        return moves

    def at_rest(self, state: State) -> Violation | None:
        """Judge a state in which everybody has left, or died."""
        return judge(Given(self.bounds, self.rules), state)

    def _active(self, state: State) -> Iterator[int]:
        for number, worker in enumerate(state.workers):
            if worker.step in OVER:
                continue
            come = self.bounds.sweep and state.log.commits > 0 if number == SWEEP else number < state.log.commits
            if worker.step != Step.BEGIN or come:
                yield number
