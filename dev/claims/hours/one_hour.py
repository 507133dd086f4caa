"""The transition system of one hour."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from dev.claims.explore import Move
from dev.claims.hours import delivering, sweeping
from dev.claims.hours.rules import Bounds, Given, Rules
from dev.claims.hours.states import EVENTS, OVER, SWEEPS, Actor, Chances, Phase, State, Step
from dev.claims.hours.table import name, with_actor
from dev.claims.violation import Violation

type _Doing = Callable[[Given, State, int], Iterator[Move[State]]]

_STEPS: Final[dict[Step, _Doing]] = {
    Step.BEGIN: sweeping.begin,
    Step.READ: delivering.read,
    Step.LIST: delivering.list_log,
    Step.MARK: delivering.mark,
    Step.POINT: delivering.point,
    Step.CLAIM: delivering.claim,
    Step.DELIVER: delivering.deliver,
    Step.FINISH: delivering.finish,
    Step.TAKE_OFF_MARK: delivering.take_off_mark,
    Step.CLOSE: delivering.close,
    Step.REMOVE_POINTER: delivering.remove_pointer,
    Step.LIST_POINTERS: sweeping.list_pointers,
    Step.LOOK: sweeping.look,
    Step.REMOVE_FOUND: sweeping.remove_found,
    Step.COMPARE: sweeping.compare,
    Step.MOVE: sweeping.move,
    Step.DELETE: sweeping.delete,
}
_LAST_SWEEPS: Final = 3
_STEPS_OF_IDLE_SWEEP: Final = 2
"""It reads the watermark, and lists the pointers."""


@dataclass(frozen=True, slots=True)
class OneHour:
    """One hour within bounds, handled by the rules given."""

    bounds: Bounds
    rules: Rules = field(default_factory=Rules)

    def start(self) -> State:
        """Return the state before the first commit."""
        return State(
            phase=Phase.GRACE_OVER if self.bounds.passed else Phase.RUNS,
            commits=0,
            gone=False,
            entity=None,
            pointer=False,
            passed=self.bounds.passed,
            actors=(Actor(),) * 6,
            stored=0,
            told=0,
            chances=Chances(self.bounds.kills, self.bounds.expiries),
        )

    def by_itself(self, state: State) -> list[Move[State]]:
        """Return the next steps of all who have come."""
        given = Given(self.bounds, self.rules)
        return [
            move
            for number, actor in enumerate(state.actors)
            if actor.step not in OVER and (actor.step != Step.BEGIN or self._comes(state, number))
            for move in _STEPS[actor.step](given, state, number)
        ]

    def from_outside(self, state: State) -> list[Move[State]]:
        """Return commits, the log's deletion, kills and the time."""
        return [*self._log(state), *self._kills(state), *self._time(state)]

    def at_rest(self, state: State) -> Violation | None:
        """Let the time pass and three sweeps follow, without faults, and judge what they leave."""
        entity = state.entity and state.entity._replace(expired=True)
        state = state._replace(phase=Phase.GRACE_OVER, entity=entity)
        steps = 0
        for _ in range(_LAST_SWEEPS):
            state, steps = self._swept(state)
        if state.stored < state.told and not state.gone:
            return Violation.NEVER_DELIVERED
        if state.pointer:
            return Violation.POINTER_STAYS
        if state.entity is not None and not state.entity.closed:
            return Violation.STAYS_OPEN
        if not state.passed:
            return Violation.WATERMARK_STAYS
        return Violation.COSTS_FOR_EVER if steps > _STEPS_OF_IDLE_SWEEP else None

    def _swept(self, state: State) -> tuple[State, int]:
        number, steps = SWEEPS[-1], 0
        state = with_actor(state, number, Actor())
        while state.actors[number].step != Step.LEFT:
            ((_, state),) = _STEPS[state.actors[number].step](Given(self.bounds, self.rules), state, number)
            steps += 1
        return state, steps

    def _comes(self, state: State, number: int) -> bool:
        if number in EVENTS:
            return number < state.commits
        if number in SWEEPS:
            after_first = number == SWEEPS[0] or state.actors[SWEEPS[0]].step in OVER
            return number < SWEEPS[0] + self.bounds.sweeps and after_first
        return self.bounds.tidying and state.passed and state.entity is not None and state.entity.closed

    def _log(self, state: State) -> Iterator[Move[State]]:
        if state.gone:
            return
        if state.commits < self.bounds.commits:
            yield f"Azure makes commit {state.commits + 1}.", state._replace(commits=state.commits + 1)
        if self.bounds.deletion and state.commits:
            yield "The log is deleted.", state._replace(gone=True)

    def _kills(self, state: State) -> Iterator[Move[State]]:
        chances = state.chances
        if not chances.kills:
            return
        for number, actor in enumerate(state.actors):
            if actor.step != Step.BEGIN and actor.step not in OVER:
                dead = with_actor(state, number, Actor(Step.DEAD))
                yield f"{name(number)} is killed.", dead._replace(chances=chances._replace(kills=chances.kills - 1))

    def _time(self, state: State) -> Iterator[Move[State]]:
        if state.phase < Phase.GRACE_OVER:
            label = ("The hour is over.", "The hour was over two hours ago.")[state.phase]
            yield label, state._replace(phase=Phase(state.phase + 1))
        entity, chances = state.entity, state.chances
        if entity is not None and entity.holder is not None and not entity.expired:
            dead = state.actors[entity.holder].step == Step.DEAD
            if dead or chances.expiries:
                left = chances if dead else chances._replace(expiries=chances.expiries - 1)
                yield "The claim runs out.", state._replace(entity=entity._replace(expired=True), chances=left)
