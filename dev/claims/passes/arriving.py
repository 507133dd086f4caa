"""What a worker does until it holds the log's claim: steps 1 to 5 of `docs/claims.md`."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.passes.looking import compared, to_look
from dev.claims.passes.rules import Given
from dev.claims.passes.states import PROCESS_OF, SWEEP, Entity, Place, State, Step, Worker
from dev.claims.passes.table import described, id_of, is_held, name, read, with_worker, write

LEFT = Worker(Step.LEFT)


def begin(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Know, then list; the other way round without the rule."""
    if given.rules.known_before_list:
        yield from know(given, state, number)
    else:
        listed = state.log.commits
        label = f"{name(number)} lists the blocks of commit {listed}."
        yield label, with_worker(state, number, Worker(Step.KNOW, listed=listed))


def know(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Take what this process keeps of the entity, or read it."""
    listed = state.workers[number].listed
    kept = state.kept[PROCESS_OF[number]]
    if kept is not None and number != SWEEP:
        worker = Worker(Step.LIST, kept.fresh, kept.settled, kept.held, listed)
        after, label = state, f"{name(number)} takes what its process keeps of the checkpoint"
    else:
        entity = state.entity
        worker = Worker(Step.LIST, fresh=True, listed=listed)
        if entity is not None:
            worker = worker._replace(settled=entity.settled, held=is_held(given, entity))
        after = read(given, state, number, worker)
        label = f"{name(number)} reads the checkpoint: {described(entity)}"
    yield _decided(given, after, number, label, worker) if listed else (f"{label}.", with_worker(after, number, worker))


def list_blocks(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """List the blocks, and decide by what was known before."""
    worker = state.workers[number]._replace(listed=state.log.commits)
    yield _decided(given, state, number, f"{name(number)} lists the blocks of commit {worker.listed}", worker)


def claim(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Insert the entity, or replace it, with one's own id."""
    worker, before = state.workers[number], state.entity
    made = Entity(Place(), holder=id_of(given, number))
    if before is not None:
        made = made._replace(place=before.place, settled=before.settled)
    what = "creates the checkpoint, and claims it with that" if before is None else "claims the log"
    then = compared(given, state.log, Worker(fresh=True, listed=worker.listed, place=made.place))
    yield from write(
        given,
        state,
        number,
        what,
        made,
        then=then,
        refused=Worker(Step.READ_AGAIN, listed=worker.listed),
        if_match=given.rules.claim_if_match,
    )


def mark(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Tell the holder to look again, and leave."""
    listed = state.workers[number].listed
    entity = state.entity
    assert entity is not None  # or nobody would have been found to hold it
    refused = Worker(Step.READ_AGAIN, listed=listed) if given.rules.mark_refused_reads else LEFT
    yield from write(
        given,
        state,
        number,
        "marks the checkpoint, and leaves",
        entity._replace(marked=True),
        then=LEFT,
        refused=refused,
        if_match=given.rules.mark_if_match,
    )


def read_again(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Read the entity after a refused claim or mark."""
    worker, entity, rules = state.workers[number], state.entity, given.rules
    label = f"{name(number)} reads the checkpoint: {described(entity)}"
    if entity is not None and entity.holder == id_of(given, number) and rules.own_id:
        found = Worker(fresh=True, listed=worker.listed, place=entity.place, marked=entity.marked)
        if not rules.list_anew:
            found = compared(given, state.log, found)
        elif entity.marked:
            found = to_look(given, found)
        else:
            found = found._replace(step=Step.LIST_AGAIN)
        yield f"{label}. It was its own claim.", read(given, state, number, found)
        return
    known = worker._replace(fresh=True)
    if entity is not None:
        known = known._replace(settled=entity.settled, held=is_held(given, entity))
    label, after = _decided(given, read(given, state, number, known), number, label, known)
    decided = after.workers[number]
    if decided.step == Step.CLAIM and rules.list_anew:
        # The list at hand may be older than the entity; who only leaves or marks needs no newer one.
        after = with_worker(after, number, known._replace(step=Step.LIST, listed=0))
    yield label, after


def _decided(given: Given, state: State, number: int, label: str, worker: Worker) -> Move[State]:
    entity = state.entity
    if worker.listed == worker.settled:
        return f"{label}. Nothing is new, it leaves.", with_worker(state, number, LEFT)
    # By its clock it also knows when a claim ends; what is stale is refused, however it decides.
    held = is_held(given, entity) if worker.fresh and entity is not None else worker.held
    if held and worker.fresh and entity is not None and entity.marked and not given.rules.mark_anew:
        return f"{label}. It is marked already, it leaves.", with_worker(state, number, LEFT)
    step = Step.MARK if held else Step.CLAIM
    return f"{label}.", with_worker(state, number, Worker(step, worker.fresh, listed=worker.listed))
