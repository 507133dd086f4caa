"""`python -m dev.demo [--logs DIRECTORY]`.

In a terminal, the gateway with its console and the agent keep running at the end, until Ctrl-C. Exits with 0 if what
arrived is what was written, and incomplete records wait; with 1 if not, and with 2 if it could not continue.
"""

import argparse
import contextlib
import datetime as dt
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from azure.core.exceptions import AzureError
from rich.console import Console

from dev.bootstrap.programs import SetupError
from dev.demo import screen
from dev.demo.arrived import agents_posts_taken, backlog, posts_taken, quarantined, stored_records
from dev.demo.ledger import Ledger
from dev.demo.made_up import MINUTES, write_logs
from dev.demo.replayed import NoLogsError, find_sources, replay
from dev.demo.set_up import set_up
from dev.demo.verdict import compare
from dev.gateway.with_agent import Addresses, GatewayWithAgent
from dev.neighbour import neighbour
from dev.package import package
from dev.rig import Rig, rig
from shared.errors import SluiceError

_ROOT = Path(__file__).resolve().parent.parent.parent
_DIRECTORY = _ROOT / ".demo"
_DRAIN_SECONDS = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="Deliver flow logs on this machine, end to end.")
    parser.add_argument("--logs", type=Path, help="replay the PT1H.json files in this directory")
    parser.add_argument("--seed", type=int, help="generate the same logs as the run that printed this number")
    arguments = parser.parse_args()
    console = Console()
    for end in (signal.SIGTERM, signal.SIGHUP):
        # Like Ctrl-C, they end whatever was started, and the neighbour's network, in order.
        signal.signal(end, signal.default_int_handler)
    try:
        equal = _run(console, arguments.logs, secrets.randbelow(10**6) if arguments.seed is None else arguments.seed)
    except (NoLogsError, RuntimeError, OSError, SluiceError) as error:
        screen.show_trouble(console, str(error))
        return 2
    except AzureError as error:
        screen.show_trouble(console, f"storage fails: {error.message}")
        return 2
    except KeyboardInterrupt:
        console.print("Stopped; everything that was started has ended.")
        return 130
    return 0 if equal else 1


def _run(console: Console, logs: Path | None, seed: int) -> bool:
    """Write logs, wait until they are delivered, and return whether what arrived is what was written."""
    # The last whole hour: records of a time to come would not stand in the console's usual spans of time.
    hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=1)
    found = [] if logs is None else find_sources(logs, hour)
    screen.show_left_out(console, found)
    sources = [source for source in found if not source.problem]
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    _DIRECTORY.mkdir()
    _build_package(console)
    console.print("Starting storage (Azurite), the gateway, and the function app in a local Functions host.")
    ledger = Ledger()
    first_hour = min((source.hour for source in sources), default=hour)
    settings = {"START_FROM": f"{first_hour:%Y-%m-%dT%H}"}
    with neighbour(_DIRECTORY / "neighbour.log") as beside:
        with rig(_DIRECTORY, settings) as running:
            screen.show_console(console, running.addresses.gateway, running.gateway.customer)
            set_up(running)
            if sources:
                screen.show_replay(console, sources)
                _deliver(console, running, ledger, "files", len(sources), partial(replay, running, sources, ledger))
            else:
                console.print(f"Writing an hour of flow logs of eight NICs, one minute per second (seed {seed}).")
                write = partial(write_logs, running, hour, seed, ledger, neighbour=beside)
                _deliver(console, running, ledger, "minutes", MINUTES, write)
            in_quarantine = quarantined(running.own_service)
            waiting = backlog(running.log_service, running.own_service, running.own_table)
        posts = posts_taken(running.gateway.log)
        arrivals = stored_records(running.gateway.data, running.gateway.customer.number)
        verdict = compare(ledger, arrivals, in_quarantine, posts, waiting)
        screen.show_summary(console, ledger, verdict, len(posts))
        screen.show_left(console, sources, ledger, verdict)
        screen.show_agent(console, agents_posts_taken(running.gateway.log), beside)
        console.print(f"Logs and the gateway's database are in {_DIRECTORY}.")
        if console.is_terminal:
            _keep_open(console, running.gateway, running.addresses)
    return verdict.is_equal


def _deliver(
    console: Console,
    running: Rig,
    ledger: Ledger,
    what: str,
    total: int,
    write: Callable[[Callable[[int], None]], None],
) -> None:
    """Write logs, and wait until they are delivered, showing how many of `what` are done."""
    with screen.progress(console, what, total, ledger, lambda: _stored(running)) as update:
        write(update)
        _drain(running, ledger, total, update)


def _build_package(console: Console) -> None:
    """Build the function app's package, for the console to offer; the demo goes on without it."""
    try:
        package(_ROOT)
    except SetupError as error:
        console.print(f"The console has no scripts to download: {error}", markup=False, soft_wrap=True)


def _drain(running: Rig, ledger: Ledger, total: int, update: Callable[[int], None]) -> None:
    """Wait until what was written is delivered, or comes no further: an event and a sweep have budgets of time.

    Raises TimeoutError if the host still works on what comes no further.
    """
    before: int | None = None
    while True:
        late: TimeoutError | None = None
        try:
            running.drain(_DRAIN_SECONDS)
        except TimeoutError as error:
            late = error
        update(total)
        behind = (backlog(running.log_service, running.own_service, running.own_table) - ledger.backlog).total()
        if behind == before and late:
            raise late
        if behind == before or not (behind or late):
            return
        before = behind


def _keep_open(console: Console, gateway: GatewayWithAgent, addresses: Addresses) -> None:
    """Run the gateway and the agent again, at the same addresses, until Ctrl-C."""
    with gateway.running(addresses):
        screen.show_console(console, addresses.gateway, gateway.customer)
        console.print("It stays open, and the agent keeps delivering, until you press Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def _stored(running: Rig) -> int:
    return sum(post.records for post in posts_taken(running.gateway.log) if not post.duplicate)


if __name__ == "__main__":
    sys.exit(main())
