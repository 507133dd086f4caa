"""What an event does, and a sweep at each log that it looks at: steps 1 to 10 of `docs/claims.md`."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.hours.rules import Given
from dev.claims.hours.states import SWEEPS, Actor, Entity, Phase, State, Step
from dev.claims.hours.table import described, name, with_actor, write, write_pointer

LEFT = Actor(Step.LEFT)


def read(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Read the entity."""
    actor = Actor(Step.LIST, fresh=True, pointer=state.actors[number].pointer, late=state.actors[number].late)
    yield f"{name(number)} reads the checkpoint: {described(state.entity)}.", with_actor(state, number, actor)


def list_log(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """List the log, and decide by what was known before."""
    actor = state.actors[number]
    actor = actor._replace(listed=0 if state.gone else state.commits, gone=state.gone)
    view = state.entity if actor.fresh else actor.known
    step = _decided(given, state, number, actor, view)
    found = f"finds commit {actor.listed}" if actor.listed else "finds it gone" if state.gone else "finds none"
    leaves = ", and leaves" if step == Step.LEFT else ""
    label = f"{name(number)} looks for the log, {found}{leaves}."
    yield label, with_actor(state, number, LEFT if leaves else actor._replace(step=step, known=None))


def mark(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Tell the holder to look again."""
    actor, entity = state.actors[number], state.entity
    if entity is None or not actor.fresh:
        yield f"{name(number)} marks the checkpoint; it is refused.", _reads(state, number)
        return
    after = write(state, number, entity._replace(marked=True), actor._replace(step=_after(number, actor), fresh=False))
    yield f"{name(number)} marks the checkpoint.", _told(after, actor.listed)


def point(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Write the pointer, whatever is there."""
    actor = state.actors[number]
    after = write_pointer(state, number, actor._replace(step=Step.CLAIM, pointer=True), there=True)
    yield f"{name(number)} writes the pointer.", _told(after, actor.listed)


def claim(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Insert the entity, or replace it, open and with a claim."""
    actor, entity = state.actors[number], state.entity
    if not actor.fresh:
        taken = entity is not None and entity.held
        if given.rules.pointer_anew or taken:
            yield f"{name(number)} claims the log; it is refused.", _reads(state, number)
        else:
            again = with_actor(state, number, actor._replace(fresh=True))
            yield f"{name(number)} claims the log; it is refused, and reads the checkpoint.", again
        return
    before = entity or Entity()
    claimed = Entity(before.settled, holder=number, names=actor.pointer or before.names)
    what = "claims the log" if entity else "creates the checkpoint, and claims it with that"
    after = write(state, number, claimed, actor._replace(step=Step.DELIVER, pointer=False))
    yield f"{name(number)} {what}.", _told(after, actor.listed)


def deliver(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """List the log under the claim, and post what is new."""
    actor = state.actors[number]._replace(step=Step.FINISH)
    if state.gone:
        yield f"{name(number)} finds the log gone.", with_actor(state, number, actor._replace(gone=True))
        return
    after = with_actor(state, number, actor._replace(listed=state.commits))
    label = f"{name(number)} delivers up to commit {state.commits}."
    yield label, after._replace(stored=max(state.stored, state.commits))


def finish(_: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Give the claim up; close the checkpoint if its hour is over, or the log is gone."""
    actor, entity = state.actors[number], state.entity
    if entity is None or not actor.fresh:
        own = entity is not None and entity.holder == number
        found = "it is marked" if own else "another has written it"
        then = actor._replace(step=Step.TAKE_OFF_MARK, fresh=True) if own else LEFT
        yield f"{name(number)} finishes; it is refused, {found}.", with_actor(state, number, then)
        return
    closed = state.phase >= Phase.OVER or actor.gone
    done = Entity(entity.settled if actor.gone else actor.listed, closed=closed, names=entity.names)
    label = f"{name(number)} finishes; the checkpoint is {'closed' if closed else 'open'}."
    yield label, write(state, number, done, _closed(actor, entity) if closed else _leaves(number, actor))


def take_off_mark(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Save under the claim, without the mark, to look at the log again."""
    actor, entity = state.actors[number], state.entity
    label = f"{name(number)} takes the mark off"
    if entity is None or not actor.fresh:
        yield f"{label}; it is refused.", with_actor(state, number, actor._replace(step=Step.FINISH))
        return
    closed = not given.rules.closed_ends_claim and state.phase >= Phase.OVER
    saved = entity._replace(settled=actor.listed, closed=closed, expired=False, marked=False)
    label += ", and says closed." if closed else "."
    yield label, write(state, number, saved, actor._replace(step=Step.DELIVER))


def close(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Close a checkpoint that nobody holds, by one write."""
    actor, entity = state.actors[number], state.entity
    if entity is None or (given.rules.close_if_match and not actor.fresh):
        yield f"{name(number)} closes the checkpoint; it is refused.", _reads(state, number)
        return
    settled = actor.listed or entity.settled
    done = Entity(settled, closed=True, names=entity.names)
    yield f"{name(number)} closes the checkpoint.", write(state, number, done, _closed(actor, entity))


def remove_pointer(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Remove the pointer under the ETag that is known."""
    actor = state.actors[number]
    after = _leaves(number, actor)
    if state.pointer and (actor.pointer or not given.rules.pointer_if_match):
        yield f"{name(number)} removes the pointer.", write_pointer(state, number, after, there=False)
    else:
        yield f"{name(number)} removes the pointer; it is refused.", with_actor(state, number, after)


def _decided(given: Given, state: State, number: int, actor: Actor, view: Entity | None) -> Step:
    if actor.gone:
        closes, something_left = given.rules.gone_closes, view is not None and view.held
    else:
        closes = state.phase >= Phase.OVER
        something_left = actor.listed != (0 if view is None else view.settled)
    if not something_left:
        return _nothing_left(number, actor, view, closes=closes)
    if view is not None and view.held:
        return Step.MARK
    has_pointer = view is not None and not view.closed
    needs_pointer = given.rules.pointer_always or actor.late
    return Step.POINT if needs_pointer and not has_pointer else Step.CLAIM


def _nothing_left(number: int, actor: Actor, view: Entity | None, *, closes: bool) -> Step:
    if closes and view is not None and not view.closed and not view.held:
        return Step.CLOSE
    is_found = number in SWEEPS and actor.late and (view is None or view.closed)
    return Step.REMOVE_FOUND if is_found else _after(number, actor)


def _reads(state: State, number: int) -> State:
    actor = state.actors[number]
    return with_actor(state, number, Actor(Step.READ, pointer=actor.pointer, late=actor.late))


def _told(state: State, commit: int) -> State:
    return state._replace(told=max(state.told, commit))


def _closed(actor: Actor, entity: Entity) -> Actor:
    return actor._replace(step=Step.REMOVE_POINTER, fresh=False, pointer=entity.names)


def _leaves(number: int, actor: Actor) -> Actor:
    step = _after(number, actor)
    return LEFT if step == Step.LEFT else actor._replace(step=step, fresh=False, pointer=False)


def _after(number: int, actor: Actor) -> Step:
    # A sweep that looks through the hour itself may move the watermark then.
    return Step.COMPARE if number in SWEEPS and not actor.late else Step.LEFT
