"""A worker process: delivers and sweeps as it is told, in threads, until it is killed or nobody is there to tell it."""

import contextlib
import ctypes
import os
import signal
import threading
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dev.chaos.clock import Ahead, ChaosClock
from dev.chaos.haste import shorten_waits
from dev.chaos.parts import Setup, put_together
from dev.chaos.steps import Step, Steps, Trap
from shared.delivery.report import Outcome
from shared.errors import SluiceError
from shared.ingester import Ingester
from shared.library_logs import quiet_libraries

if TYPE_CHECKING:  # it takes type arguments for the checker alone
    from multiprocessing.connection import Connection

_THREADS = 4
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Arm:
    """Set a trap, or take it away."""

    trap: Trap | None


@dataclass(frozen=True, slots=True)
class Deliver:
    """Handle an event about a log blob."""

    container: str
    blob: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Sweep once."""


type Task = Deliver | Sweep


@dataclass(frozen=True, slots=True)
class Order:
    """A task, with a number for the answer."""

    number: int
    task: Task


@dataclass(frozen=True, slots=True)
class Struck:
    """The process is about to be killed or frozen."""

    trap: Trap


@dataclass(frozen=True, slots=True)
class Done:
    """A task has ended.

    Attributes:
        number: The order's.
        outcomes: Of the log blobs that were looked into.
        passed: How often each step was come to by then.
        trouble: What stopped the task as a whole, "" if nothing did.
        bug: A traceback, if something was raised that nothing should raise.
    """

    number: int
    outcomes: tuple[Outcome, ...] = ()
    passed: Counter[Step] = field(default_factory=Counter)
    trouble: str = ""
    bug: str = ""


def run(connection: "Connection[Struck | Done, Arm | Order]", ahead: Ahead, setup: Setup) -> None:
    """Be a worker process, until the other end of the connection closes."""
    # Even a frozen worker must go when its starter goes.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    sending = threading.Lock()

    def send(message: Struck | Done) -> None:
        with sending:
            connection.send(message)

    shorten_waits()
    quiet_libraries()
    setup.safeguards.apply()
    steps = Steps(lambda trap: send(Struck(trap)))
    ingester = put_together(setup, ChaosClock(ahead), steps)
    with ThreadPoolExecutor(_THREADS) as pool, contextlib.suppress(EOFError):
        while True:
            message = connection.recv()
            if isinstance(message, Arm):
                steps.arm(message.trap)
            else:
                pool.submit(lambda order: send(_carry_out(ingester, steps, order)), message)
    os._exit(0)


def _carry_out(ingester: Ingester, steps: Steps, order: Order) -> Done:
    outcomes: list[Outcome] = []
    try:
        if isinstance(order.task, Deliver):
            outcomes.append(ingester.handle(order.task.container, order.task.blob).outcome)
        else:
            for report in ingester.sweep():
                outcomes.append(report.outcome)
                steps.reach(Step.BETWEEN_BLOBS)
    except SluiceError as trouble:
        return Done(order.number, tuple(outcomes), steps.taken(), trouble=str(trouble))
    except BaseException:  # noqa: BLE001 -- whatever it is, the harness must hear of it
        return Done(order.number, tuple(outcomes), steps.taken(), bug=traceback.format_exc())
    return Done(order.number, tuple(outcomes), steps.taken())
