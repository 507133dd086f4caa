"""Random schedules: a seed always yields the same schedule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from dev.chaos.draw_logs import draw_logs
from dev.chaos.failures import Failure
from dev.chaos.mood import Mood
from dev.chaos.schedule import (
    Action,
    Commit,
    Log,
    LogAction,
    Notify,
    Remove,
    Replace,
    Round,
    Schedule,
    SweepBy,
    Thaw,
    Wait,
    Workers,
)
from dev.chaos.steps import SWEEP_STEPS, Blow, Trap

START: Final = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
_LATE: Final = 4.5 * 3600
"""Seconds until the sweep may take the hours that are written for complete."""
_PAUSES: Final = (0.0, 5.0, 70.0, 90.0, 700.0, 1500.0)


def draw(seed: int) -> Schedule:
    """Draw a schedule."""
    random = Random(seed)
    mood = Mood.draw(random)
    workers = random.choice((2, 2, 3))
    logs = draw_logs(random, START.replace(minute=0), refusals=mood is not Mood.CALM)
    events = _Rounds(random, mood, workers)
    rounds = tuple(_thawed(random, [*events.early(logs), *events.late()]))
    batch = random.choice((4, 6, 9, 15))
    return Schedule(
        seed=seed,
        start=START,
        logs=logs,
        rounds=rounds,
        workers=Workers(
            batch_max_records=tuple(random.choice((batch, batch, 7)) for _ in range(workers)),
            posts_in_flight=random.choice((1, 2, 4, 4)),
            seconds_a_post=0.0 if mood is Mood.CALM else random.choice((0.0, 0.0, 4.0)),
        ),
        takes_more_later=not any(_freezes(trap) for round_ in rounds for trap in round_.traps),
    )


class _Rounds:
    def __init__(self, random: Random, mood: Mood, workers: int) -> None:
        self._random = random
        self._mood = mood
        self._workers = workers

    def early(self, logs: tuple[Log, ...]) -> Iterator[Round]:
        """Return rounds in which logs grow and events come; for some logs no events come."""
        rounds: list[list[LogAction]] = [[] for _ in range(self._random.randint(2, 4))]
        for number, log in enumerate(logs):
            actions = list(self._life(number, log))
            places = sorted(self._random.choices(range(len(rounds)), k=len(actions)))
            for place, action in zip(places, actions, strict=True):
                rounds[place].append(action)
        untold = {number for number in range(len(logs)) if self._happens(0.2)}
        return (self._round(changes, untold) for changes in rounds)

    def late(self) -> Iterator[Round]:
        """Yield rounds in which everything is written, and only sweeps deliver what is missing."""
        advance = _LATE
        for _ in range(self._random.choice((1, 2, 2))):
            traps = self._traps(sweeping=True)
            sweeps = (SweepBy(worker) for worker in (*_sweepers(traps), self._worker()))
            yield Round(advance, traps, tuple(sweeps), self._failures(last=6), self._mood.storage(self._random))
            advance = self._random.choice(_PAUSES)

    def _life(self, number: int, log: Log) -> Iterator[LogAction]:
        # Everything that happens to a log blob itself, in order.
        for index, content in enumerate(log.contents):
            yield Replace(number, recreated=self._happens(0.5)) if index else Commit(number)
            for _ in content.commits[1:]:
                yield Commit(number)
        if self._happens(0.04):
            yield Remove(number)

    def _round(self, changes: list[LogAction], untold: set[int]) -> Round:
        random = self._random
        traps = self._traps(sweeping=False)
        timed = [
            timed for place, change in enumerate(self._mixed(changes)) for timed in self._told(place, change, untold)
        ]
        sweepers = [*_sweepers(traps), *([self._worker()] if self._happens(0.25) else [])]
        timed += [(random.uniform(0, len(changes)), SweepBy(worker)) for worker in sweepers]
        actions = tuple(action for _, action in sorted(timed, key=lambda item: item[0]))
        failures = self._failures(last=20)
        storage = self._mood.storage(random)
        return Round(random.choice(_PAUSES), traps, actions, failures, storage, repeats_lost=self._happens(0.5))

    def _told(self, place: float, change: LogAction, untold: set[int]) -> Iterator[tuple[float, Action]]:
        # A change and its events: none, one or several of them, and each at once or after later changes.
        yield place, change
        for _ in range(0 if change.log in untold else self._random.choice((0, 1, 1, 1, 2, 3))):
            yield place + self._random.choice((0.5, 0.5, 1.5, 3.5)), Notify(change.log, self._worker())
        if self._happens(0.3):
            yield place + 0.7, Wait(self._random.uniform(0, 0.05))

    def _mixed(self, changes: list[LogAction]) -> list[LogAction]:
        # The changes of several logs are shuffled into each other, those of one log keep their order.
        turns = [change.log for change in changes]
        self._random.shuffle(turns)
        by_log = {log: iter([change for change in changes if change.log == log]) for log in turns}
        return [next(by_log[log]) for log in turns]

    def _traps(self, *, sweeping: bool) -> tuple[Trap | None, ...]:
        return tuple(self._mood.trap(self._random, sweeping=sweeping) for _ in range(self._workers))

    def _failures(self, last: int) -> dict[int, Failure]:
        return self._mood.failures(self._random, last)

    def _worker(self) -> int:
        return self._random.randrange(self._workers)

    def _happens(self, chance: float) -> bool:
        return self._random.random() < chance


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
