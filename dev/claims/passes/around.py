"""What happens to the workers: commits, kills, pauses, the time, and the gateway's answers."""

from collections.abc import Iterator

from dev.claims.explore import Move
from dev.claims.passes.holding import posted, spoken
from dev.claims.passes.looking import compared
from dev.claims.passes.rules import Given
from dev.claims.passes.states import OVER, Age, Pause, Post, State, Step, Worker
from dev.claims.passes.table import arrived, id_of, name, with_worker
from dev.claims.violation import Violation


def commits(given: Given, state: State) -> Iterator[Move[State]]:
    """Azure commits, or writes the blob anew."""
    log = state.log
    if log.commits < given.bounds.commits:
        number = log.commits + 1
        yield f"Azure makes commit {number}.", state._replace(log=log._replace(commits=number))
        if given.bounds.rewrite and log.commits and not log.rewritten:
            rewritten = log._replace(commits=number, rewritten=number)
            yield f"Azure makes commit {number}, which replaces the blob.", state._replace(log=rewritten)


def faults(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """Whatever may befall a worker that has begun."""
    worker, chances, who = state.workers[number], state.chances, name(number)
    if chances.kills:
        dead = _orphaned(with_worker(state, number, Worker(Step.DEAD)), number)
        yield f"{who} is killed.", dead._replace(chances=chances._replace(kills=chances.kills - 1, disturbed=True))
    if worker.pause != Pause.NONE:
        return
    if chances.sleeps:
        after = with_worker(state, number, worker._replace(pause=Pause.ASLEEP))
        yield f"{who} is frozen.", after._replace(chances=chances._replace(sleeps=chances.sleeps - 1, disturbed=True))
    if state.entity is not None and state.entity.holder == id_of(given, number):
        yield from _holders_faults(state, number)


def _holders_faults(state: State, number: int) -> Iterator[Move[State]]:
    worker, chances, who = state.workers[number], state.chances, name(number)
    if chances.naps:
        after = with_worker(state, number, worker._replace(pause=Pause.NAP))
        fewer = chances._replace(naps=chances.naps - 1, disturbed=True)
        yield f"{who} is frozen for less than 15 s.", after._replace(chances=fewer)
    if chances.cuts:
        after = with_worker(state, number, worker._replace(pause=Pause.CUT_OFF))
        fewer = chances._replace(cuts=chances.cuts - 1, disturbed=True)
        yield f"{who} does not reach storage any more.", after._replace(chances=fewer)
    if chances.give_ups and worker.step == Step.CHECK:
        after = with_worker(state, number, worker._replace(step=Step.GIVE_UP))
        fewer = chances._replace(give_ups=chances.give_ups - 1, disturbed=True)
        yield f"{who} has no time left.", after._replace(chances=fewer)
    if chances.prolongs and worker.step in {Step.CHECK, Step.AWAIT}:
        after = with_worker(state, number, worker._replace(step=Step.PROLONG))
        fewer = chances._replace(prolongs=chances.prolongs - 1)
        yield f"The claim of {who.lower()} has less than 40 s left.", after._replace(chances=fewer)


def wakes(given: Given, state: State, number: int) -> Iterator[Move[State]]:
    """A worker goes on where it was frozen, or reaches storage again."""
    worker = state.workers[number]
    awake = with_worker(state, number, worker._replace(pause=Pause.NONE))
    if worker.pause == Pause.CUT_OFF:
        yield f"{name(number)} reaches storage again.", awake
    elif worker.pause == Pause.ASLEEP and worker.step == Step.POST:
        # It looked before it fell asleep; the post goes out as if it had been on its way all the time.
        after, sent = posted(awake, number)
        after = _attempt_over(after, number) if _is_late(given, state, number) else after
        yield f"{name(number)} goes on, and posts {spoken(sent)}.", after
    elif worker.step == Step.AWAIT and given.rules.attempt_ends_first and _is_late(given, state, number):
        yield f"{name(number)} goes on, after its attempt's time.", _attempt_over(awake, number)
    else:
        yield f"{name(number)} goes on.", awake


def time_passes(given: Given, state: State) -> Iterator[Move[State]]:
    """The claim gets older, unless its holder prolongs it in time."""
    entity = state.entity
    if entity is None or entity.holder is None or entity.age == Age.OVER_FOR_15_S:
        return
    holders = [n for n in range(len(state.workers)) if id_of(given, n) == entity.holder]
    if all(_lets_pass(given, state, number) for number in holders):
        age = Age(entity.age + 1)
        workers = tuple(
            worker._replace(pause=Pause.NAP_ENDS) if worker.pause == Pause.NAP else worker for worker in state.workers
        )
        label = ("", "The claim has 15 s left.", "The claim is over.", "The claim was over 15 s ago.")[age]
        yield label, state._replace(entity=entity._replace(age=age), workers=workers)


def late_writes(given: Given, state: State) -> Iterator[Move[State]]:
    """A write whose answer nobody waits for any more is made after all."""
    if state.unanswered is not None:
        yield "The write without an answer is made after all.", arrived(given, state, state.unanswered)


def ends_attempts(state: State, sent: Post) -> Iterator[Move[State]]:
    """A worker gives up a post that is still on its way."""
    if sent.sender is None:
        return
    worker, chances = state.workers[sent.sender], state.chances
    if worker.step != Step.AWAIT or worker.pause not in {Pause.NONE, Pause.CUT_OFF}:
        return
    if chances.late or worker.pause == Pause.CUT_OFF:
        after = _attempt_over(state, sent.sender)
        left = chances if worker.pause == Pause.CUT_OFF else chances._replace(late=chances.late - 1, disturbed=True)
        yield f"{name(sent.sender)}'s attempt is over, and it posts again.", after._replace(chances=left)


def gateway_learns(given: Given, state: State) -> Iterator[Move[State]]:
    """The gateway takes larger batches from some moment on."""
    gateway = state.gateway
    if given.bounds.takes_large_later and not gateway.takes_large and not state.wire and gateway.sent:
        after = state._replace(gateway=gateway._replace(takes_large=True))
        yield "The gateway takes large batches from now on.", after


def answers(given: Given, state: State, sent: Post) -> Iterator[Move[State]]:
    """A post arrives, and its answer, if its sender still waits for it."""
    gateway = state.gateway
    is_large = (sent.generation, sent.batch, sent.cut) == (0, given.bounds.large, 0)
    refused = is_large and not gateway.takes_large
    stored = gateway.stored if refused else gateway.stored | sent.bit
    after = state._replace(
        wire=state.wire - {sent},
        gateway=gateway._replace(stored=stored),
        wrong=Violation.STORED_TWICE if is_doubled(stored, sent.generation, sent.batch) else None,
    )
    label = f"The gateway {'refuses' if refused else 'takes'} {spoken(sent)}"
    if sent.sender is None:
        yield f"{label}; nobody waits for the answer.", after
        return
    worker = state.workers[sent.sender]
    if worker.step != Step.AWAIT or worker.pause not in {Pause.NONE, Pause.CUT_OFF}:
        return
    yield f"{label}.", with_worker(after, sent.sender, _answered(given, state, worker, sent, refused=refused))


def is_doubled(stored: int, generation: int, batch: int) -> bool:
    """Return whether a batch is stored whole, and a half of it as well."""
    whole, first, second = (Post(None, generation, batch, cut).bit for cut in (0, 1, 2))
    return bool(stored & whole and stored & (first | second))


def _answered(given: Given, state: State, worker: Worker, sent: Post, *, refused: bool) -> Worker:
    place = worker.place
    if refused:
        step = Step.SAVE_HALVED if given.rules.halved_first else Step.CHECK
        return worker._replace(step=step, place=place._replace(halved=place.halved | 1 << place.delivered), part=1)
    if sent.cut == 1:
        return worker._replace(step=Step.CHECK, part=2)
    return compared(given, state.log, worker._replace(place=place._replace(delivered=place.delivered + 1)))


def _lets_pass(given: Given, state: State, number: int) -> bool:
    worker, entity, rules = state.workers[number], state.entity, given.rules
    assert entity is not None
    if worker.step in OVER or worker.pause in {Pause.ASLEEP, Pause.NAP}:
        return True
    if worker.pause == Pause.NAP_ENDS or worker.step == Step.POST:
        return False
    if rules.prolong and worker.pause != Pause.CUT_OFF:
        return False
    return not rules.attempt_ends_first or all(sent.sender != number for sent in state.wire)


def _is_late(given: Given, state: State, number: int) -> bool:
    entity = state.entity
    return entity is None or entity.holder != id_of(given, number) or entity.age != Age.GOOD


def _attempt_over(state: State, number: int) -> State:
    return _orphaned(with_worker(state, number, state.workers[number]._replace(step=Step.CHECK)), number)


def _orphaned(state: State, number: int) -> State:
    if all(sent.sender != number for sent in state.wire):
        return state
    return state._replace(wire=frozenset(s._replace(sender=None) if s.sender == number else s for s in state.wire))
