"""What must hold where nothing happens by itself any more."""

from dev.claims.passes.around import is_doubled
from dev.claims.passes.rules import Given
from dev.claims.passes.states import EVENTS, Place, State, Step, bit
from dev.claims.violation import Violation


def judge(given: Given, state: State) -> Violation | None:
    """Return what is wrong for good."""
    if not state.log.commits:
        return None
    if _nobody_gave_up(given, state) and _everybody_came(given, state):
        entity, (generation, batches) = state.entity, state.log.content(state.log.commits)
        if entity is None or (*entity.place[:2], entity.settled) != (generation, batches, state.log.commits):
            return Violation.LEFT_BEHIND
        if entity.holder is not None:
            return Violation.CLAIM_STAYS
    return _judge_stored(state, _stored_by_last_sweep(given, state))


def _nobody_gave_up(given: Given, state: State) -> bool:
    return (state.chances.kills, state.chances.give_ups) == (given.bounds.kills, given.bounds.give_ups)


def _everybody_came(given: Given, state: State) -> bool:
    if state.log.commits < given.bounds.commits:
        return False
    return all(state.workers[event].step == Step.LEFT for event in EVENTS[: state.log.commits])


def _stored_by_last_sweep(given: Given, state: State) -> int:
    # The claim runs out, a sweep without faults looks at the log, and posts what the checkpoint does not cover.
    stored, entity = state.gateway.stored, state.entity
    generation, batches = state.log.content(state.log.commits)
    place = Place(generation) if entity is None or entity.place.generation < generation else entity.place
    if entity is not None and entity.settled == state.log.commits:
        return stored
    for batch in range(place.delivered, batches):
        is_large = (generation, batch) == (0, given.bounds.large) and not state.gateway.takes_large
        cuts = (1, 2) if is_large or place.halved >> batch & 1 else (0,)
        for cut in cuts:
            stored |= bit(generation, batch, cut)
    return stored


def _judge_stored(state: State, stored: int) -> Violation | None:
    generation, batches = state.log.content(state.log.commits)
    for batch in range(batches):
        whole, first, second = (stored & bit(generation, batch, cut) for cut in (0, 1, 2))
        if is_doubled(stored, generation, batch):
            return Violation.STORED_TWICE
        if not whole and not (first and second):
            return Violation.LOST
    return None
