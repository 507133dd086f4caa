"""What only sweeps and tidyings do: steps 11 and 12 of `docs/claims.md`."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.hours.delivering import LEFT, read
from dev.claims.hours.rules import Given
from dev.claims.hours.states import SWEEPS, TIDYING, Actor, Phase, State, Step
from dev.claims.hours.table import described, name, with_actor, write, write_pointer
from dev.claims.violation import Violation


def begin(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Begin as an event, a sweep or a tidying does."""
    if number == TIDYING:
        actor = Actor(Step.DELETE, fresh=True)
        yield f"{name(number)} lists the closed checkpoint.", with_actor(state, number, actor)
    elif number in SWEEPS or not given.rules.pointer_always:
        step = Step.LIST_POINTERS if state.passed and number in SWEEPS else Step.READ
        label = f"{name(number)} reads the watermark: it has {'' if state.passed else 'not '}passed the hour."
        yield label, with_actor(state, number, Actor(step, late=state.passed))
    else:
        yield from read(given, state, number)


def list_pointers(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """List the pointers of earlier hours."""
    actor = state.actors[number]
    if state.pointer:
        after = actor._replace(step=Step.LOOK, pointer=True, aged=not _may_claim(state))
        yield f"{name(number)} lists the pointers: there is one.", with_actor(state, number, after)
    else:
        yield f"{name(number)} lists the pointers: there is none.", with_actor(state, number, LEFT)


def look(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Read the entity that a pointer leads to."""
    actor, entity = state.actors[number], state.entity
    closed = entity is not None and entity.closed
    step = Step.LIST if given.rules.pointer_then_log or not closed else Step.REMOVE_FOUND
    label = f"{name(number)} reads the checkpoint: {described(entity)}."
    yield label, with_actor(state, number, actor._replace(step=step, fresh=True))


def remove_found(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Remove the pointer of a closed checkpoint, or of none, under the ETag that was listed."""
    actor = state.actors[number]
    if actor.gone and given.rules.pointer_aged and not actor.aged:
        yield f"{name(number)} leaves the pointer, which was new when it found it.", with_actor(state, number, LEFT)
    elif state.pointer and (actor.pointer or not given.rules.pointer_if_match):
        after = write_pointer(state, number, LEFT, there=False)
        yield f"{name(number)} removes the pointer that it found.", after
    else:
        label = f"{name(number)} removes the pointer that it found; it is refused."
        yield label, with_actor(state, number, LEFT)


def compare(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Look whether everything in the hour is settled."""
    actor = state.actors[number]
    if state.phase == Phase.GRACE_OVER and _is_settled(given, state, actor):
        after = with_actor(state, number, actor._replace(step=Step.MOVE, fresh=False))
        yield f"{name(number)} finds all of the hour settled.", after
    else:
        yield f"{name(number)} leaves the watermark where it is.", with_actor(state, number, LEFT)


def move(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Move the watermark over the hour."""
    actor = state.actors[number]
    after = with_actor(state, number, LEFT)._replace(passed=True, told=max(state.told, actor.listed))
    yield f"{name(number)} moves the watermark over the hour.", after


def delete(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Delete the entity under the ETag that was listed."""
    actor, entity = state.actors[number], state.entity
    if entity is None or (given.rules.delete_if_match and not actor.fresh):
        yield f"{name(number)} deletes the checkpoint; it is refused.", with_actor(state, number, LEFT)
        return
    after = write(state, number, None, LEFT)
    wrong = Violation.HELD_DELETED if entity.held else None
    yield f"{name(number)} deletes the checkpoint.", after._replace(wrong=wrong)


def _may_claim(state: State) -> bool:
    # Whether somebody who wrote this pointer, or one before it, has yet to claim the log. After an hour nobody has.
    return any(actor.step == Step.CLAIM for actor in state.actors)


def _is_settled(given: Given, state: State, actor: Actor) -> bool:
    entity = state.entity
    if entity is None:
        return not actor.listed
    if not given.rules.pointer_always and not entity.closed:
        return False  # it would be lost from sight
    return entity.holder is None and entity.settled >= actor.listed
