"""Programs that run beside this one for as long as a `with` block lasts."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from dev.leash import leashed

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


@contextlib.contextmanager
def background[Ready](
    name: str,
    command: Sequence[str],
    *,
    output: Path,
    ready: Callable[[str], Ready | None],
    directory: Path,
    environment: Mapping[str, str],
) -> Iterator[tuple[subprocess.Popen[bytes], Ready]]:
    """Run a program, and yield its process with what `ready` made of its output, as soon as that is not None.

    What the program prints goes to the file `output`. It ends with the block: by SIGTERM, by SIGKILL if it takes too
    long; and when this process dies.

    Raises RuntimeError, with what the program said, if it ends or hangs before it is ready.
    """
    with output.open("w") as out:
        process = subprocess.Popen(
            leashed(command),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which ends the others in order
        )
    try:
        yield process, _wait(name, process, output, ready)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def served_module(module: str, *arguments: str, scratch: Path) -> Iterator[tuple[str, ...]]:
    """Run a module of ours that serves; yield its addresses.

    When it is ready, it prints them in one line, each ending in `/`, which is taken off. What it prints goes to a file
    in `scratch`. Raises RuntimeError as above.
    """
    with background(
        module,
        [sys.executable, "-m", module, *arguments],
        output=scratch / f"{module}.output",
        ready=_addresses,
        directory=_ROOT,
        environment=os.environ,
    ) as (_, addresses):
        yield addresses


def _addresses(said: str) -> tuple[str, ...] | None:
    return tuple(each.rstrip("/") for each in said.splitlines()[0].split()) if said.endswith("/\n") else None


def _wait[Ready](
    name: str, process: subprocess.Popen[bytes], output: Path, ready: Callable[[str], Ready | None]
) -> Ready:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        ended = process.poll() is not None
        said = output.read_text(errors="replace")
        found = ready(said)
        if found is not None:
            return found
        if ended or time.monotonic() > deadline:
            what = "ended at its start" if ended else f"was not ready after {_START_SECONDS:.0f} s"
            raise RuntimeError(f"{name} {what}, saying: {said.strip() or 'nothing'}")
        time.sleep(0.02)
