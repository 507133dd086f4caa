"""End terraform at each request that an apply sends, take the apply up again, and see that destroy leaves nothing.

    python -m tests.terraform.interruptions

A request was done when terraform is ended, by SIGINT and in another run by SIGKILL, and terraform does not hear of it:
what was created is there and not in the state. Of the two runs one goes on with the next apply, and with
`setup adopt` where that one asks for it, until a plan is empty; in the other `setup adopt` comes first and destroy at
once. Which is which changes with each request. Nothing is ended while terraform writes its file of the state: it
empties the file first, so that all is lost, which docs/install.md tells.
"""

import contextlib
import datetime as dt
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dev.certificate import make_certificate
from tests.terraform.module import Module, Run
from tests.terraform.site import A, Site, initialise, site
from tests.terraform.standin.endpoints import HOSTS

SIGNALS = (signal.SIGINT, signal.SIGKILL)
_PATIENCE_SECONDS = 60
_PROCESSES = 2
_CONTEXT = multiprocessing.get_context("spawn")  # gRPC does not survive a fork


class Trouble(Exception):
    """What must not be after an interruption."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """What became of an apply that was ended.

    Attributes:
        at: What the request asked for.
        by: The signal's name.
        forgotten: Types that were made and are not in the state.
        adopted: Whether the next apply needed `setup adopt`, or destroy was tried right after it.
        trouble: What went wrong; nothing if empty.
    """

    at: str
    by: str
    forgotten: list[str]
    adopted: bool
    trouble: str


def requests_of_an_apply(running: Site) -> list[str]:
    """What an apply asks for, from the first request to the last; leaves nothing."""
    _write_variables(running)
    running.azure.traffic.begin()
    _succeeds(running.module.apply(A))
    seen = list(running.azure.traffic.seen)
    _succeeds(running.module.destroy(A))
    return seen


def interrupt(running: Site, request: int | str, by: signal.Signals, *, at_once: bool) -> Interruption:
    """End an apply at a request, and see what becomes of it: with another apply first, or destroyed at once."""
    _write_variables(running)
    traffic = running.azure.traffic
    traffic.begin(request, lambda: _end(running.module, traffic.seen, started.result(), by))
    started: Future[int] = Future()
    apply = running.module.begin_apply(A)
    started.set_result(apply.pid)
    apply.wait(_PATIENCE_SECONDS)
    _wait_for_the_rest(apply.pid)
    seen = list(traffic.seen)
    traffic.begin()
    known = running.module.state()
    forgotten = sorted(one.type for name, one in running.azure.estate.resources.items() if name not in known)
    where = seen[request - 1] if isinstance(request, int) and request <= len(seen) else str(request)
    adopted, trouble = at_once, ""
    try:
        if at_once:
            _succeeds(running.module.adopt(A))
        else:
            adopted = _apply_again(running)
        _succeeds(running.module.destroy(A))
    except Trouble as error:
        trouble = str(error)
    left = [*running.azure.estate.resources, *running.registered]
    if left and not trouble:
        trouble = f"{len(left)} left behind, such as {left[-1]}"
    return Interruption(where, by.name, forgotten, adopted, trouble)


def _end(module: Module, seen: Sequence[str], process: int, by: signal.Signals) -> None:
    """Send a signal, but not while the file of the state is written."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        os.kill(process, signal.SIGSTOP)
        while not _has_stopped(process):
            time.sleep(0.001)
        if module.has_whole_state() or not any(what.startswith("create") for what in seen):
            os.kill(process, by)
            os.kill(process, signal.SIGCONT)
            return
        os.kill(process, signal.SIGCONT)
        time.sleep(0.001)


def _has_stopped(process: int) -> bool:
    """Whether all threads of a process stand still, or are gone."""
    return all(_stands_still(thread) for thread in Path(f"/proc/{process}/task").glob("*/stat"))


def _stands_still(thread: Path) -> bool:
    try:
        return thread.read_text().rpartition(")")[2].split()[0] in {"T", "Z", "X"}
    except OSError:  # it is gone
        return True


def _apply_again(running: Site) -> bool:
    """Apply until a plan is empty. Says whether `setup adopt` had to help."""
    again = running.module.apply(A)
    helped = not again.succeeded
    if helped:
        _succeeds(running.module.adopt(A))
        _succeeds(running.module.apply(A))
    planned = running.module.plan(A)
    if not planned.nothing_to_do:
        raise Trouble(f"a plan is not empty:\n{planned.output}")
    return helped


def _succeeds(run: Run) -> None:
    if not run.succeeded:
        raise Trouble(run.error)


def _write_variables(running: Site) -> None:
    running.azure.estate.accounts.clear()
    running.entry(A, "flowlogs1")
    entry = {"location": "eastus", "flow_logs_storage_account_id": running.azure.estate.accounts[0].id}
    running.module.write_variables(running.variables(location1=entry) | {"alert_email": "operators@example.com"})


def _wait_for_the_rest(session: int) -> None:
    """Wait for the programs that terraform started, and did not live to end."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(session, 0)
            time.sleep(0.02)


@contextlib.contextmanager
def _running(checkout: Path) -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        certificate = make_certificate(folder, dt.datetime.now(dt.UTC), HOSTS)
        with site(folder, checkout, certificate) as running:
            yield running


def _interrupt_all(checkout: Path, numbers: Sequence[tuple[int, signal.Signals]]) -> list[Interruption]:
    done: list[Interruption] = []
    while len(done) < len(numbers):
        with _running(checkout) as running:  # a new one after trouble, which leaves something for the next
            for number, by in numbers[len(done) :]:
                at_once = (number + SIGNALS.index(by)) % 2 == 0
                done.append(interrupt(running, number, by, at_once=at_once))
                if done[-1].trouble:
                    break
    return done


def main() -> int:
    """Interrupt at each request. Gives the exit code."""
    if shutil.which("terraform") is None:
        print("terraform is not installed: https://developer.hashicorp.com/terraform/install")
        return int(bool(os.environ.get("CI")))
    with tempfile.TemporaryDirectory() as made, ProcessPoolExecutor(_PROCESSES, _CONTEXT) as pool:
        checkout = Path(made)
        initialise(checkout)
        with _running(checkout) as running:
            count = len(requests_of_an_apply(running))
        wanted = [(number, by) for number in range(1, count + 1) for by in SIGNALS]
        parts = [wanted[start :: 2 * _PROCESSES] for start in range(2 * _PROCESSES)]
        done = [one for part in pool.map(_interrupt_all, [checkout] * len(parts), parts) for one in part]
    for one in done:
        if one.trouble:
            print(f"{one.by} at {one.at}, forgotten {one.forgotten}: {one.trouble}")
    lost = [one for one in done if one.forgotten]
    helped = [one for one in done if one.adopted and one.forgotten]
    print(
        f"{len(done)} interruptions at {count} requests: {len(lost)} left something that the state did not have, "
        f"setup adopt helped after {len(helped)}, trouble after {sum(bool(one.trouble) for one in done)}."
    )
    # Without any that had something to take up, nothing was shown.
    return int(any(one.trouble for one in done) or not lost or not helped)


if __name__ == "__main__":
    sys.exit(main())
