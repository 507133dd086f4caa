"""Writes of the entity and of the pointer."""

from dev.claims.hours.states import SWEEPS, TIDYING, Actor, Entity, State, Step


def name(number: int) -> str:
    """Return how stories call an actor."""
    if number == TIDYING:
        return "The tidying"
    return f"Sweep {number - 2}" if number in SWEEPS else f"Event {number + 1}"


def with_actor(state: State, number: int, actor: Actor) -> State:
    """Return the state in which an actor is this one."""
    actors = state.actors
    return state._replace(actors=(*actors[:number], actor, *actors[number + 1 :]))


def write(state: State, number: int, entity: Entity | None, actor: Actor) -> State:
    """Return the state in which an actor has written the entity, or deleted it; other ETags of it are old now."""
    actors = tuple(
        actor if each == number else _outdated(other, state.entity) if other.fresh else other
        for each, other in enumerate(state.actors)
    )
    return state._replace(entity=entity, actors=actors)


def write_pointer(state: State, number: int, actor: Actor, *, there: bool) -> State:
    """Return the state in which an actor has written the pointer, or removed it; other ETags of it are old now."""
    actors = tuple(
        actor if each == number else other._replace(pointer=False) if other.pointer else other
        for each, other in enumerate(state.actors)
    )
    entity = state.entity and state.entity._replace(names=False)
    return state._replace(entity=entity, pointer=there, actors=actors)


def described(entity: Entity | None) -> str:
    """Return what a reader of the entity finds, for stories."""
    if entity is None:
        return "there is none"
    what = "closed" if entity.closed else "open"
    if entity.holder is None:
        return what
    return f"{what}, held by {name(entity.holder).lower()}" + (", its claim is over" if entity.expired else "")


def _outdated(actor: Actor, entity: Entity | None) -> Actor:
    # What it read decides what it does once it has listed the log; after that, its write is refused.
    known = entity._replace(names=False) if entity is not None and actor.step == Step.LIST else None
    return actor._replace(fresh=False, known=known)
