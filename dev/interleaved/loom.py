"""Tasks that take turns, in time that passes only when all of them wait."""

import heapq
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from math import inf
from random import Random
from typing import Any, Self


class Killed(BaseException):
    """Ends a task whose process was killed, once the schedule is over; nothing that it does any more counts."""


class Fate:
    """What becomes of a process: whether it lives, and until when it sleeps."""

    def __init__(self) -> None:
        self.alive = True
        self.asleep_until = 0.0
        self.slept = 0.0

    def sleep(self, now: float, seconds: float) -> None:
        """Sleep from now on."""
        self.asleep_until, self.slept = now + seconds, self.slept + seconds


def _closed() -> "threading.Lock":
    # Whoever goes on acquires it, and whoever lets it go on releases it: a gate, and faster than a semaphore.
    gate = threading.Lock()
    gate.acquire()
    return gate


@dataclass(eq=False, slots=True)
class Task:
    """Something that a process does.

    Attributes:
        fate: The process's.
        visit: What tells tasks of one invocation from those of others.
        done: Whether it has ended.
        error: What it ended with that it should not have.
    """

    fate: Fate
    visit: object
    done: bool = False
    error: BaseException | None = None
    _go: "threading.Lock" = field(default_factory=_closed)
    _at: float = 0.0
    _until: Callable[[], bool] = lambda: False

    def is_ready(self, now: float) -> bool:
        if self.done or not self.fate.alive or self.fate.asleep_until > now:
            return False
        return self._at <= now or self._until()

    @property
    def next_moment(self) -> float:
        """When it goes on at the latest, as far as only time decides."""
        return inf if self.done or not self.fate.alive else max(self._at, self.fate.asleep_until)


_local = threading.local()


def current_task() -> Task | None:
    """Return the task that asks; None outside of all."""
    return getattr(_local, "task", None)


class Loom:
    """Lets one task go on at a time.

    Attributes:
        now: The time in seconds.
        interrupt: Is asked before a task goes on; it may kill the process, or put it to sleep.
    """

    def __init__(self, random: Random) -> None:
        self.now = 0.0
        self.interrupt: Callable[[Fate], None] = lambda _fate: None
        self._random = random
        self._tasks: list[Task] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._back = _closed()
        self._is_over = False

    def spawn(self, fate: Fate, visit: object, work: Callable[[], object]) -> Task:
        """Begin a task of a process."""
        task = Task(fate, visit)
        threading.Thread(target=self._main, args=(task, work), daemon=True).start()
        self._tasks.append(task)
        return task

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen that is not a process's doing."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), action))

    @property
    def task(self) -> Task | None:
        """The task that asks; None outside of all."""
        return current_task()

    def pause(self, seconds: float = inf, until: Callable[[], bool] = lambda: False) -> None:
        """Let others go on, until so many seconds have passed or a condition holds."""
        task = self.task
        if task is None:
            return
        task._at, task._until = self.now + seconds, until  # noqa: SLF001 -- a task is the loom's
        self._back.release()
        task._go.acquire()  # noqa: SLF001
        if self._is_over:
            raise Killed

    def run(self, seconds: float) -> None:
        """Let time go on by so many seconds."""
        end = self.now + seconds
        while True:
            ready = [task for task in self._tasks if task.is_ready(self.now)]
            if ready:
                self._resume(self._random.choice(ready))
                continue
            moment = min(
                [timer[0] for timer in self._timers[:1]] + [task.next_moment for task in self._tasks], default=inf
            )
            if moment > end:
                break
            self.now = moment
            while self._timers and self._timers[0][0] <= self.now:
                heapq.heappop(self._timers)[2]()
        self.now = end

    def close(self) -> None:
        """End all tasks that are left."""
        self._is_over = True
        for task in self._tasks:
            while not task.done:
                task._go.release()  # noqa: SLF001
                self._back.acquire()

    def _resume(self, task: Task) -> None:
        self.interrupt(task.fate)
        if not task.is_ready(self.now):
            return
        task._go.release()  # noqa: SLF001
        self._back.acquire()
        if task.done:
            self._tasks.remove(task)
            if task.error is not None:
                raise task.error

    def _main(self, task: Task, work: Callable[[], object]) -> None:
        _local.task = task
        task._go.acquire()  # noqa: SLF001
        try:
            if not self._is_over:
                work()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 -- whoever runs the loom must see it
            task.error = error
        task.done = True
        self._back.release()


class Pool:
    """An executor whose threads are tasks of the loom, in the process and the visit of whoever makes it."""

    def __init__(self, loom: Loom, _workers: int) -> None:
        self._loom = loom
        self._futures: list[Promise] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def submit(self, work: Callable[..., Any], *given: Any, **options: Any) -> "Promise":  # noqa: ANN401 -- as an executor
        task, promise = self._loom.task, Promise(self._loom)
        assert task is not None

        def run() -> None:
            try:
                promise.set_result(work(*given, **options))
            except Exception as error:  # noqa: BLE001 -- as an executor
                promise.set_exception(error)

        self._futures.append(promise)
        self._loom.spawn(task.fate, task.visit, run)
        return promise

    def map(self, work: Callable[..., Any], items: Any) -> Any:  # noqa: ANN401 -- as an executor
        promises = [self.submit(work, item) for item in items]
        return (promise.result() for promise in promises)

    def shutdown(self) -> None:
        self._loom.pause(until=lambda: all(future.done() for future in self._futures))


class Promise(Future[Any]):
    """A future that lets others go on while it is waited for."""

    def __init__(self, loom: Loom) -> None:
        super().__init__()
        self._loom = loom

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401 -- as a future
        if not self.done():
            self._loom.pause(until=self.done)
        return super().result(timeout)


def wait(loom: Loom, futures: list[Future[Any]], seconds: float) -> None:
    """Wait as `concurrent.futures.wait` does."""
    loom.pause(seconds, until=lambda: all(future.done() for future in futures))
