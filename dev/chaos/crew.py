"""The worker processes of a schedule, as their leader sees them."""

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

from dev.chaos.clock import Ahead
from dev.chaos.parts import Setup
from dev.chaos.steps import Blow, Step, Trap
from dev.chaos.worker import Arm, Done, Order, Struck, Task, run
from shared.delivery.report import Outcome

_PATIENCE_SECONDS = 120.0


class StuckError(Exception):
    """Workers did not come to an end of their tasks."""


class _State(Enum):
    ALIVE = "alive"
    FROZEN = "frozen"
    DEAD = "dead"


@dataclass(slots=True, eq=False)
class _Hand:
    process: BaseProcess
    connection: "Connection[Arm | Order, Struck | Done]"
    state: _State = _State.ALIVE
    expected_to_die: bool = False
    pending: dict[int, Task] = field(default_factory=dict)


@dataclass(slots=True)
class CrewLog:
    """What became known of the workers.

    Attributes:
        blows: How often each step was struck, and how.
        outcomes: How often each outcome was reported.
        passed: How often each step was come to, as far as the workers lived to tell.
        troubles: What stopped tasks as a whole.
        bugs: Tracebacks, and deaths that nobody asked for.
    """

    blows: Counter[Trap] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    passed: Counter[Step] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)


class Crew:
    """Some worker processes; as a context manager they are gone at the end.

    Attributes:
        log: What became known so far.
    """

    def __init__(self, size: int, setup: Callable[[int], Setup], ahead: Ahead) -> None:
        """Start `size` workers, the n-th as `setup(n)` says when it is started, counted from 0."""
        self.log = CrewLog()
        self._setup = setup
        self._ahead = ahead
        self._numbers = count()
        self._lost: list[list[Task]] = [[] for _ in range(size)]
        self._done: dict[int, Done] = {}
        self._hands = [self._start(number) for number in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for hand in self._hands:
            hand.process.kill()
            hand.connection.close()
        for hand in self._hands:
            hand.process.join()

    def begin_round(self, traps: tuple[Trap | None, ...], *, repeat_lost: bool) -> None:
        """Replace the dead, give them what their predecessors lost if that is repeated, and set traps."""
        for number, trap in enumerate(traps):
            self._pump(0)
            if self._hands[number].state is _State.DEAD:
                self._hands[number] = self._start(number)
            self._send(number, Arm(trap))
            lost, self._lost[number] = self._lost[number], []
            for task in lost if repeat_lost else ():
                self.tell(number, task)

    def tell(self, number: int, task: Task) -> int:
        """Give a worker a task, and return the task's number; a dead worker loses it."""
        order = Order(next(self._numbers), task)
        hand = self._hands[number]
        if hand.state is _State.DEAD:
            self._lost[number].append(task)
            return order.number
        hand.pending[order.number] = task
        self._send(number, order)
        return order.number

    def thaw(self, number: int) -> None:
        """Let a frozen worker go on; others are left as they are."""
        self._pump(0)
        hand = self._hands[number]
        if hand.state is _State.FROZEN and hand.process.pid is not None:
            hand.state = _State.ALIVE
            _wait_until_stopped(hand.process.pid)
            os.kill(hand.process.pid, signal.SIGCONT)

    def settle(self) -> bool:
        """Wait until no worker has anything to do, dead and frozen ones apart; return whether there are such.

        Raises:
            StuckError: That took too long.
        """
        end = time.monotonic() + _PATIENCE_SECONDS
        while any(hand.pending and hand.state is _State.ALIVE for hand in self._hands):
            if time.monotonic() > end:
                raise StuckError(f"Workers are still at {[list(hand.pending.values()) for hand in self._hands]}.")
            self._pump(1.0)
        return any(hand.state is not _State.ALIVE for hand in self._hands)

    def done(self, number: int) -> Done | None:
        """Return the answer to a task, if there is one."""
        return self._done.get(number)

    def restart(self) -> None:
        """Replace all workers, the dead, the frozen and the living."""
        for number, hand in enumerate(self._hands):
            hand.process.kill()
            hand.process.join()
            hand.connection.close()
            self._hands[number] = self._start(number)

    def _start(self, number: int) -> _Hand:
        context = multiprocessing.get_context("forkserver")
        # With the harness's own modules in the process that is forked, a worker starts in milliseconds.
        context.set_forkserver_preload([run.__module__])
        ours, theirs = context.Pipe()
        process = context.Process(target=run, args=(theirs, self._ahead, self._setup(number)), daemon=True)
        process.start()
        theirs.close()
        return _Hand(process, ours)

    def _send(self, number: int, message: Arm | Order) -> None:
        hand = self._hands[number]
        try:
            hand.connection.send(message)
        except OSError:
            self._listen(hand)

    def _pump(self, seconds: float) -> None:
        # Take in what the workers have to say, waiting at most so long for the first word.
        hands = {hand.connection: hand for hand in self._hands if hand.state is not _State.DEAD}
        for connection in wait(list(hands), seconds):
            assert isinstance(connection, Connection)
            self._listen(hands[connection])

    def _listen(self, hand: _Hand) -> None:
        try:
            while hand.connection.poll():
                self._hear(hand, hand.connection.recv())
        except (EOFError, ConnectionResetError):
            self._bury(hand)

    def _hear(self, hand: _Hand, message: Struck | Done) -> None:
        if isinstance(message, Struck):
            self.log.blows[message.trap] += 1
            hand.expected_to_die = message.trap.blow is Blow.KILL
            if message.trap.blow is Blow.FREEZE:
                hand.state = _State.FROZEN
            return
        hand.pending.pop(message.number)
        self._done[message.number] = message
        self.log.outcomes.update(message.outcomes)
        self.log.passed.update(message.passed)
        if message.trouble:
            self.log.troubles.append(message.trouble)
        if message.bug:
            self.log.bugs.append(message.bug)

    def _bury(self, hand: _Hand) -> None:
        hand.state = _State.DEAD
        if not hand.expected_to_die:
            self.log.bugs.append(f"A worker died that nobody killed, at {list(hand.pending.values())}.")
        hand.process.join()
        hand.connection.close()
        self._lost[self._hands.index(hand)] += hand.pending.values()
        hand.pending.clear()


def _wait_until_stopped(pid: int) -> None:
    # A worker tells of its blow right before it, and going on too early would be lost.
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.001)
