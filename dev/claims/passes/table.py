"""Reads and writes of the entity, and what must hold at each of them."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.passes.rules import Given
from dev.claims.passes.states import OVER, PROCESS_OF, SWEEP, Age, Entity, Kept, Pause, State, Worker
from dev.claims.violation import Violation


def name(number: int) -> str:
    """Return how stories call a worker."""
    return "The sweep" if number == SWEEP else f"Event {number + 1}"


def id_of(given: Given, number: int) -> int:
    """Return what a worker writes as the holder."""
    return number if given.rules.id_per_invocation else PROCESS_OF[number]


def is_held(given: Given, entity: Entity) -> bool:
    """Return whether a claim keeps others off."""
    return entity.holder is not None and entity.age < (Age.OVER_FOR_15_S if given.rules.takeover_margin else Age.OVER)


def with_worker(state: State, number: int, worker: Worker) -> State:
    """Return the state in which a worker is this one."""
    workers = state.workers
    return state._replace(workers=(*workers[:number], worker, *workers[number + 1 :]))


def read(given: Given, state: State, number: int, worker: Worker) -> State:
    """Return the state in which a worker has read the entity, and its process keeps it."""
    entity, kept = state.entity, list(state.kept)
    kept[PROCESS_OF[number]] = None if entity is None else Kept(True, entity.settled, is_held(given, entity))
    return with_worker(state, number, worker)._replace(kept=(kept[0], kept[1]))


def described(entity: Entity | None) -> str:
    """Return what a reader of the entity finds, for stories."""
    if entity is None:
        return "there is none"
    if entity.holder is None:
        return f"free, nothing left at commit {entity.settled}" if entity.settled else "free, something is left"
    over = ", its claim is over" if entity.age == Age.OVER_FOR_15_S else ""
    return f"held by {name(entity.holder).lower()}{over}" + (", marked" if entity.marked else "")


def write(  # noqa: PLR0913 -- the write, and both of its ends
    given: Given,
    state: State,
    number: int,
    what: str,
    entity: Entity,
    *,
    then: Worker,
    refused: Worker,
    if_match: bool = True,
) -> Iterator[Move[State]]:
    """Yield all ends of a worker's write of the entity; without `if_match` it is never refused.

    A write without an answer counts as refused, whether it was made, may still be, or never is.
    """
    label = f"{name(number)} {what}"
    if if_match and not state.workers[number].fresh:
        yield f"{label}; it is refused.", with_worker(state, number, refused)
        return
    yield f"{label}.", _written(given, state, entity, number, then, answered=True)
    chances = state.chances
    if chances.lost:
        lost = state._replace(chances=chances._replace(lost=chances.lost - 1, disturbed=True))
        yield f"{label}; the answer is lost.", _written(given, lost, entity, number, refused, answered=False)
        if if_match:
            yield (
                f"{label}; no answer comes, and nothing is written so far.",
                with_worker(lost, number, refused)._replace(unanswered=entity),
            )


def arrived(given: Given, state: State, entity: Entity) -> State:
    """Return the state in which a write that nobody waits for any more has arrived."""
    return _written(given, state, entity, None, Worker(), answered=False)


def _written(
    given: Given, state: State, entity: Entity, number: int | None, worker: Worker, *, answered: bool
) -> State:
    # Whoever knew the entity's ETag knows an old one now.
    workers = tuple(
        worker if each == number else (other._replace(fresh=False) if other.fresh else other)
        for each, other in enumerate(state.workers)
    )
    kept = [each and each._replace(fresh=False) for each in state.kept]
    if answered and number is not None:
        kept[PROCESS_OF[number]] = Kept(True, entity.settled, entity.holder is not None)
    return State(
        state.log,
        entity,
        (kept[0], kept[1]),
        workers,
        state.wire,
        state.gateway,
        state.chances,
        None,
        state.wrong or _wrong(given, state, entity),
    )


def _wrong(given: Given, state: State, entity: Entity) -> Violation | None:
    before = state.entity
    if before is None:
        return None
    if entity.place[:2] < before.place[:2]:
        return Violation.GOES_BACK
    if entity.place.generation == before.place.generation and before.place.halved & ~entity.place.halved:
        return Violation.HALVING_FORGOTTEN
    if before.holder is not None and entity.holder not in {None, before.holder} and _posts_awake(given, state):
        return Violation.TAKEOVER_DURING_POST
    return None


def _posts_awake(given: Given, state: State) -> bool:
    # Whether a holder that isn't asleep has a post on its way.
    holder = state.entity and state.entity.holder
    return any(
        post.sender is not None
        and id_of(given, post.sender) == holder
        and state.workers[post.sender].pause != Pause.ASLEEP
        and state.workers[post.sender].step not in OVER
        for post in state.wire
    )
