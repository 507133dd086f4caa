"""Random schedules: a seed gives a schedule, always the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from dev.chaos.failures import Failure
from dev.chaos.logs import LogWriter, Quirk
from dev.chaos.schedule import (
    Action,
    Commit,
    Content,
    Log,
    LogAction,
    Notify,
    Remove,
    Replace,
    Round,
    Schedule,
    Style,
    SweepBy,
    Thaw,
    Wait,
    Workers,
)
from dev.chaos.steps import GATEWAY_STEPS, STORAGE_STEPS, SWEEP_STEPS, Blow, Step, Trap
from dev.flowlogs.cards import Card, Format, Load

START: Final = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
_LATE: Final = 4.5 * 3600
"""Seconds until the sweep may take the hours that are written for complete."""
_PAUSES: Final = (0.0, 5.0, 70.0, 700.0, 1500.0)
_FREQUENT: Final = frozenset(
    {Step.BEFORE_POST, Step.POST_ARRIVED, Step.POST_STORED, Step.AFTER_REPLY, Step.LOG_READ, Step.LEASE_ACQUIRED}
)
_WEIGHTS: Final = {Step.HALVED: 3, Step.BEFORE_QUARANTINE: 3, Step.AFTER_QUARANTINE: 3, Step.LEASE_RELEASED: 2}
"""Steps that most workers never come to, or are soon past."""


def draw(seed: int) -> Schedule:
    """Draw a schedule; about one in seven is calm."""
    random = Random(seed)
    calm = _happens(random, 0.15)
    workers = random.choice((2, 2, 3))
    logs = _logs(random, calm=calm)
    events = _Rounds(random, workers, calm=calm)
    rounds = tuple(_thawed(random, [*events.early(logs), *events.late()]))
    batch = random.choice((4, 6, 9, 15))
    return Schedule(
        seed=seed,
        start=START,
        logs=logs,
        rounds=rounds,
        failures={} if calm else _failures(random),
        workers=Workers(
            batch_max_records=tuple(random.choice((batch, batch, 7)) for _ in range(workers)),
            posts_in_flight=random.choice((1, 2, 4, 4)),
            seconds_a_post=0.0 if calm else random.choice((0.0, 0.0, 4.0)),
        ),
        takes_more_later=not any(_freezes(trap) for round_ in rounds for trap in round_.traps),
    )


def _failures(random: Random) -> dict[int, Failure]:
    return {random.randint(1, 80): random.choice(tuple(Failure)) for _ in range(random.randint(0, 12))}


def _logs(random: Random, *, calm: bool) -> tuple[Log, ...]:
    quirks = {
        Quirk.MALFORMED: 0.06,
        Quirk.REFUSED: 0.0 if calm else random.choice((0.0, 0.0, 0.02)),
        Quirk.REJECTED: random.choice((0.0, 0.02)),
    }
    writer = LogWriter(random, quirks)
    return tuple(_log(random, number, writer) for number in range(1, 1 + random.choice((1, 2, 2, 3, 4))))


def _log(random: Random, number: int, writer: LogWriter) -> Log:
    form = random.choice((Format.NSG_2, Format.NSG_2, Format.VNET_4, Format.VNET_4, Format.NSG_1))
    card = Card(form, number, Load.SPARSE)
    hour = START.replace(minute=0) + timedelta(hours=random.choice((0, 0, 1)))
    style = random.choices(tuple(Style), weights=(16, 2, 1, 1))[0]

    def content() -> Content:
        minutes = (hour + timedelta(minutes=minute, seconds=30) for minute in range(random.randint(2, 5)))
        blocks = (random.choice((1, 1, 2)) for _ in range(60))
        return Content(
            style,
            tuple(
                tuple(writer.chunk(card, minute) for _ in range(size))
                for minute, size in zip(minutes, blocks, strict=False)
            ),
        )

    contents = 2 if _happens(random, 0.08) else 1
    return Log(card, hour, tuple(content() for _ in range(contents)))


class _Rounds:
    def __init__(self, random: Random, workers: int, *, calm: bool) -> None:
        self._random = random
        self._workers = workers
        self._calm = calm

    def early(self, logs: tuple[Log, ...]) -> Iterator[Round]:
        """Rounds in which logs grow and events come."""
        rounds: list[list[LogAction]] = [[] for _ in range(self._random.randint(2, 4))]
        for number, log in enumerate(logs):
            actions = list(self._life(number, log))
            for place, action in zip(
                sorted(self._random.choices(range(len(rounds)), k=len(actions))), actions, strict=True
            ):
                rounds[place].append(action)
        return map(self._round, rounds)

    def late(self) -> Iterator[Round]:
        """Rounds in which everything is written, and sweeps alone bring what is missing."""
        advance = _LATE
        for _ in range(self._random.choice((1, 1, 2))):
            traps = self._traps(sweeping=0.7)
            sweeps = (SweepBy(worker) for worker in (*_sweepers(traps), self._worker()))
            yield Round(advance, traps, tuple(sweeps))
            advance = self._random.choice(_PAUSES)

    def _life(self, number: int, log: Log) -> Iterator[LogAction]:
        # Everything that happens to a log blob itself, in order.
        for index, content in enumerate(log.contents):
            yield Replace(number, recreated=_happens(self._random, 0.5)) if index else Commit(number)
            for _ in content.commits[1:]:
                yield Commit(number)
        if _happens(self._random, 0.04):
            yield Remove(number)

    def _round(self, changes: list[LogAction]) -> Round:
        random = self._random
        traps = self._traps(sweeping=0.0)
        timed = [timed for place, change in enumerate(self._mixed(changes)) for timed in self._told(place, change)]
        sweepers = [*_sweepers(traps), *([self._worker()] if _happens(random, 0.25) else [])]
        timed += [(random.uniform(0, len(changes)), SweepBy(worker)) for worker in sweepers]
        actions = tuple(action for _, action in sorted(timed, key=lambda item: item[0]))
        return Round(random.choice(_PAUSES), traps, actions, repeats_lost=_happens(random, 0.5))

    def _told(self, place: float, change: LogAction) -> Iterator[tuple[float, Action]]:
        # A change and its events: none, one or several of them, and each at once or after later changes.
        random = self._random
        yield place, change
        for _ in range(random.choice((0, 1, 1, 1, 2, 3))):
            yield place + random.choice((0.5, 0.5, 1.5, 3.5)), Notify(change.log, self._worker())
        if _happens(random, 0.3):
            yield place + 0.7, Wait(random.uniform(0, 0.05))

    def _mixed(self, changes: list[LogAction]) -> list[LogAction]:
        # The changes of several logs are shuffled into each other, those of one log keep their order.
        turns = [change.log for change in changes]
        self._random.shuffle(turns)
        by_log = {log: iter([change for change in changes if change.log == log]) for log in turns}
        return [next(by_log[log]) for log in turns]

    def _traps(self, *, sweeping: float) -> tuple[Trap | None, ...]:
        return tuple(None if self._calm else self._trap(sweeping) for _ in range(self._workers))

    def _trap(self, sweeping: float) -> Trap | None:
        random = self._random
        if _happens(random, 0.35):
            return None
        # In order, since the order of a set is another one in every process.
        steps = [step for step in Step if step in SWEEP_STEPS or not _happens(random, sweeping)]
        step = random.choices(steps, weights=[_WEIGHTS.get(step, 1) for step in steps])[0]
        blows = [Blow.KILL] * 4
        if step not in GATEWAY_STEPS:
            blows.append(Blow.FREEZE)
        if step in STORAGE_STEPS:
            blows.append(Blow.FAIL)
        return Trap(step, random.randint(1, 5 if step in _FREQUENT else 2), random.choice(blows))

    def _worker(self) -> int:
        return self._random.randrange(self._workers)


def _thawed(random: Random, rounds: list[Round]) -> Iterator[Round]:
    # Whoever may have been frozen in one round goes on somewhere in the next.
    frozen: list[int] = []
    for round_ in rounds:
        actions = list(round_.actions)
        for worker in frozen:
            actions.insert(random.randint(0, len(actions)), Thaw(worker))
        yield replace(round_, actions=tuple(actions))
        frozen = [worker for worker, trap in enumerate(round_.traps) if _freezes(trap)]


def _sweepers(traps: tuple[Trap | None, ...]) -> list[int]:
    return [worker for worker, trap in enumerate(traps) if trap and trap.step in SWEEP_STEPS]


def _freezes(trap: Trap | None) -> bool:
    return trap is not None and trap.blow is Blow.FREEZE


def _happens(random: Random, chance: float) -> bool:
    return random.random() < chance
