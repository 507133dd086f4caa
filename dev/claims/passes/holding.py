"""What a worker does while it holds the log's claim: steps 6 to 9 of `docs/claims.md`."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.passes.arriving import LEFT
from dev.claims.passes.looking import compared, to_look
from dev.claims.passes.rules import Given
from dev.claims.passes.states import Age, Entity, Pause, Post, State, Step
from dev.claims.passes.table import described, id_of, name, read, with_worker, write
from dev.claims.violation import Violation

_SAVES = {
    Step.SAVE_GENERATION: "saves that the blob was rewritten",
    Step.SAVE_HALVED: "saves that the batch is halved",
    Step.PROLONG: "prolongs its claim",
    Step.TAKE_OFF_MARK: "takes the mark off",
}


def list_again(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """List the blocks under the claim."""
    worker = state.workers[number]._replace(listed=state.log.commits)
    label = f"{name(number)} lists the blocks of commit {worker.listed}."
    yield label, with_worker(state, number, compared(given, state.log, worker))


def save(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Save the place, which prolongs the claim; only one such write takes a mark off."""
    worker = state.workers[number]
    step, saved = worker.step, worker
    if step == Step.SAVE_GENERATION and state.log.content(worker.listed)[0] != worker.place.generation:
        label = f"{name(number)} takes the blob for rewritten, since its list is older than the checkpoint."
        yield label, state._replace(wrong=Violation.OLD_LIST)
        return
    if step == Step.TAKE_OFF_MARK:
        saved, then = worker._replace(marked=False), Step.LIST_AGAIN
    else:
        then = Step.AWAIT if _has_post(state, number) else Step.CHECK
    yield from write(
        given,
        state,
        number,
        _SAVES[step],
        Entity(saved.place, holder=id_of(given, number), marked=saved.marked),
        then=saved._replace(step=then, fresh=True, again=Step.BEGIN),
        refused=worker._replace(step=Step.READ_HELD, fresh=False, again=step),
        if_match=given.rules.finish_if_match,
    )


def check(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Look at the claim's end, then post; or prolong the claim first."""
    worker = state.workers[number]
    if not given.rules.check_before_post or _may_post(given, state, number):
        chances = state.chances
        if chances.naps or chances.sleeps:  # else nothing can come in between
            label = f"{name(number)} looks at its claim's end, and may post."
            yield label, with_worker(state, number, worker._replace(step=Step.POST))
        else:
            yield from post(given, state, number)
    elif worker.pause != Pause.CUT_OFF:
        yield from save(given, with_worker(state, number, worker._replace(step=Step.PROLONG)), number)


def post(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Send the next batch, or the next half of it."""
    after, sent = posted(state, number)
    if state.entity is None or state.entity.holder != id_of(given, number):
        after = after._replace(wrong=Violation.POST_AFTER_TAKEOVER)
    yield f"{name(number)} posts {spoken(sent)}.", after


def posted(state: State, number: int) -> tuple[State, Post]:
    """Return the state in which a worker's next post is on its way, and the post."""
    worker, gateway = state.workers[number], state.gateway
    sent = Post(number, worker.place.generation, worker.place.delivered, worker.part)
    twice = bool(gateway.sent & sent.bit) and not state.chances.disturbed
    after = with_worker(state, number, worker._replace(step=Step.AWAIT, pause=_after_post(worker.pause)))
    return after._replace(
        wire=state.wire | {sent},
        gateway=gateway._replace(sent=gateway.sent | sent.bit),
        wrong=Violation.SENT_TWICE if twice else None,
    ), sent


def wait(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Prolong the claim while a post is on its way, if its time has come; the gateway's answer is the gateway's."""
    worker, entity = state.workers[number], state.entity
    if entity is None or entity.age != Age.GOOD or entity.holder != id_of(given, number):
        yield from save(given, with_worker(state, number, worker._replace(step=Step.PROLONG)), number)


def finish(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Give the claim up, and say whether anything is left."""
    worker = state.workers[number]
    left = worker.step == Step.GIVE_UP or worker.place.delivered < state.log.content(worker.listed)[1]
    done = Entity(worker.place, settled=0 if left else worker.listed)
    if not given.rules.finish_replaces and state.entity is not None:
        # A merge leaves what the write does not name.
        done = done._replace(holder=state.entity.holder, marked=state.entity.marked)
    gives_up = worker.step == Step.GIVE_UP
    what = "is in trouble, and gives its claim up" if gives_up else f"finishes at commit {worker.listed}"
    yield from write(
        given,
        state,
        number,
        what,
        done,
        then=LEFT,
        refused=worker._replace(step=Step.READ_HELD, fresh=False, again=worker.step),
        if_match=given.rules.finish_if_match,
    )


def read_held(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Read the entity after a refused write under the claim; the write is made again if the claim is still held."""
    worker, entity, rules = state.workers[number], state.entity, given.rules
    label = f"{name(number)} reads the checkpoint: {described(entity)}."
    if entity is None or entity.holder != id_of(given, number):
        yield label, read(given, state, number, LEFT)
        return
    found = worker._replace(step=worker.again, again=Step.BEGIN, fresh=True, marked=entity.marked)
    if worker.again == Step.FINISH:
        if entity.marked and rules.finish_keeps_mark:
            found = to_look(given, found)
        if not rules.finish_again:
            found = LEFT
    elif worker.again == Step.SAVE_HALVED and not rules.save_again:
        found = found._replace(step=Step.CHECK)
    yield label, read(given, state, number, found)


def spoken(sent: Post) -> str:
    """Return how stories call a batch."""
    which = ("", "the first half of ", "the second half of ")[sent.cut]
    return f"{which}batch {sent.batch + 1}" + (" of the rewritten blob" if sent.generation else "")


def _may_post(given: Given, state: State, number: int) -> bool:
    entity = state.entity
    latest = Age.GOOD if given.rules.attempt_ends_first else Age.LAST_15_S
    return entity is not None and entity.holder == id_of(given, number) and entity.age <= latest


def _has_post(state: State, number: int) -> bool:
    return any(sent.sender == number for sent in state.wire)


def _after_post(pause: Pause) -> Pause:
    # A sleeper is awake when it posts; a worker that is cut off from storage still is.
    return pause if pause == Pause.CUT_OFF else Pause.NONE
