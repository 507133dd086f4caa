"""A schedule: logs that grow, events, sweeps and faults; and what there must be at its end."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from random import Random
from typing import Final
from unittest import mock

from dev.interleaved.estate import Estate, Log, Wrong
from dev.interleaved.faults import Faults
from dev.interleaved.gateway import Gateway, is_bad, is_huge
from dev.interleaved.loom import Fate, Loom, Pool, wait
from dev.interleaved.process import Process
from dev.interleaved.scene import Scene
from shared.storage.checkpoint import State

_PROCESSES: Final = 3
_GRACE: Final = timedelta(minutes=15)
_HOUR_ENDS: Final = 900.0
_FAULTS_END: Final = 3000.0
_SLEEPERS_WAKE: Final = 500.0
_SWEEPS_EVERY: Final = 300.0
_LAST_SWEEPS: Final = 10
_NAGS: Final = 10
_PAUSES: Final = (0.1, 1, 5, 30, 60, 90, 200)


def play(seed: int, faults: Faults) -> Counter[str]:
    """Play a schedule, and return how often each thing happened in it.

    Raises:
        Wrong: Something does not hold.
    """
    schedule = _Schedule(seed, faults)
    with schedule.interleaved():
        try:
            schedule.play()
        finally:
            schedule.loom.close()
    return schedule.scene.estate.counts


class _Schedule:
    def __init__(self, seed: int, faults: Faults) -> None:
        self.random = Random(seed)
        self.faults = faults
        self.loom = Loom(self.random)
        logs, alone = self.random.choice((1, 2, 3)), faults.leaves_holders_alone
        estate = Estate(logs, lambda: self.loom.now, holders_are_left_alone=alone)
        gateway = Gateway(self.loom, self.random, faults, estate, is_calm=faults.is_calm)
        self.scene = Scene(self.loom, self.random, estate, gateway, faults)
        self.processes = [Process(self.scene) for _ in range(_PROCESSES)]
        self.ports = iter(range(1000, 60_000))

    @contextlib.contextmanager
    def interleaved(self) -> Iterator[None]:
        """Let the code that is played wait by the loom."""
        pool = partial(Pool, self.loom)
        with contextlib.ExitStack() as stack:
            for module in ("wire", "transfer", "sweep"):
                stack.enter_context(mock.patch(f"shared.delivery.{module}.ThreadPoolExecutor", pool))
            stack.enter_context(mock.patch("shared.delivery.ahead.wait", partial(wait, self.loom)))
            stack.enter_context(mock.patch("shared.delivery.patience.random", self.random))
            stack.enter_context(mock.patch("shared.delivery.sweep.GRACE", _GRACE))
            stack.enter_context(mock.patch("shared.delivery.horizon.GRACE", _GRACE))
            if self.faults.leisurely:
                stack.enter_context(mock.patch("shared.delivery.worker.BUDGET_SECONDS", _FAULTS_END))
            yield

    def play(self) -> None:
        loom, faults, gateway = self.loom, self.faults, self.scene.gateway
        loom.interrupt = self._interrupt
        for log in self.scene.estate.logs.values():
            for when in self._moments():
                loom.after(when, partial(self._commit, log))
            if self.random.random() < faults.gone:
                loom.after(self.random.uniform(0, 1500), partial(self._delete, log))
        if self.random.random() < faults.raised:
            loom.after(self.random.uniform(0, 1500), gateway.raise_limit)
        if faults.leisurely:
            gateway.raise_limit()
        if faults.is_calm:
            loom.run(_FAULTS_END)
            self._judge_delivered("by events alone")
        else:
            for _ in range(int(_FAULTS_END / _SWEEPS_EVERY)):
                loom.after(self.random.uniform(0, _FAULTS_END), self._sweep)
            loom.run(_FAULTS_END)
        gateway.failing = False
        loom.interrupt = lambda _fate: None
        loom.run(_SLEEPERS_WAKE)
        ended = list(map(self._swept, range(_LAST_SWEEPS)))
        if not ended[-1]:
            raise Wrong("the last sweep does not end")
        self._judge_delivered("in the end")
        self._judge_closed()

    def _sweep(self) -> None:
        self._process().sweep()

    def _swept(self, _number: int) -> bool:
        ended = self._process().sweep()
        self.loom.run(700.0)
        return ended()

    def _interrupt(self, fate: Fate) -> None:
        if self.random.random() < self.faults.kill:
            fate.alive = False
            self.scene.estate.counts["killed"] += 1
        elif self.random.random() < self.faults.sleep:
            fate.sleep(self.loom.now, self.random.choice((5, 20, 50, 70, 80, 100, 400)))
            self.scene.estate.counts["slept"] += 1
        elif self.random.random() < self.faults.nap:
            fate.sleep(self.loom.now, self.random.uniform(0, 13))

    def _process(self) -> Process:
        place = self.random.randrange(_PROCESSES)
        if not self.processes[place].alive:
            self.processes[place] = Process(self.scene)
        return self.processes[place]

    def _commit(self, log: Log) -> None:
        ports = [next(self.ports) for _ in range(self.random.choice((1, 2, 3, 4, 5, 6, 9, 18)))]
        rewrite = bool(log.blocks) and not log.rewritten and self.random.random() < self.faults.rewritten
        self.scene.estate.commit(log, ports, self.loom.now, rewrite=rewrite)
        if self.random.random() < self.faults.untold:
            return
        for _ in range(self.random.choice((1, 1, 1, 2))):
            self._tell(log, self.random.choice((0.2, 1, 5, 20)) * self.random.random())
        if self.random.random() < self.faults.nagged:
            for _ in range(_NAGS):
                self._tell(log, self.random.uniform(0, 200))
        if self.faults.is_calm and not self.faults.leisurely:
            self.loom.after(60.0, partial(self._judge, log, frozenset(log.ports), "though nobody was killed"))

    def _tell(self, log: Log, seconds: float) -> None:
        self.loom.after(seconds, lambda: self._process().event(log.blob))

    def _moments(self) -> Iterator[float]:
        when = 0.0
        for _ in range(self.random.randint(2, 7)):
            when += self.random.choice(_PAUSES) * self.random.uniform(0.2, 1)
            yield when
        if self.random.random() < self.faults.belated:
            yield self.random.uniform(_HOUR_ENDS - 60, _HOUR_ENDS + 60)
            yield self.random.uniform(_HOUR_ENDS + _GRACE.total_seconds(), _FAULTS_END)

    def _delete(self, log: Log) -> None:
        log.etag, log.blocks, log.rewritten = "", [], log.rewritten + 1
        log.ports.clear()

    def _judge_delivered(self, when: str) -> None:
        for log in self.scene.estate.logs.values():
            self._judge(log, frozenset(log.ports), when)

    def _judge(self, log: Log, ports: frozenset[int], when: str) -> None:
        if not ports <= log.ports:
            return  # rewritten since
        aside = {port for ports in self.scene.estate.quarantine.values() for port in ports}
        stored = self.scene.gateway.stored
        if any(not stored[port] and port not in aside for port in ports - self._unnoted(log)):
            raise Wrong(f"tuples are neither stored nor set aside, {when}")
        if any(port in aside and not (is_bad(port) or is_huge(port)) for port in ports):
            raise Wrong("a good tuple is set aside")

    def _unnoted(self, log: Log) -> set[int]:
        # Where the sweep has passed, only an event finds a commit; if it dies before it notes anything, nobody does.
        passed = _HOUR_ENDS + _GRACE.total_seconds()
        noted = self.scene.estate.noted.get(log.blob, 0.0)
        return {port for when, ports in log.commits if when >= passed and when >= noted for port in ports}

    def _judge_closed(self) -> None:
        estate = self.scene.estate
        for log in estate.logs.values():
            entry = estate.entries.get(log.blob)
            if entry is not None and (entry.holder or entry.checkpoint.state is not State.CLOSED):
                raise Wrong("a checkpoint never closes")
            if log.blob in estate.pointers:
                raise Wrong("a pointer stays for ever")
