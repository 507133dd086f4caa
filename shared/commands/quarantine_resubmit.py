"""`sluice quarantine resubmit`: send what is in quarantine to the gateway again."""

import argparse
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.commands.interrupt import until_ctrl_c
from shared.commands.opening import open_for_operator
from shared.commands.output import Exit, agreed, print_json, say, show
from shared.commands.quarantine_objects import blobs
from shared.delivery.resubmit import Outlook, Resubmission, Resubmitted
from shared.errors import Vanished

DESCRIPTION: Final = """\
Decode what the decoder set aside again, which a newer version of Sluice may be able to read, and send the records to
the gateway together with the lines that it rejected. What the gateway accepts is removed from quarantine; everything
else stays. Keys are derived from what is in quarantine, so nothing is stored twice, even if this is interrupted and
repeated. It first shows what it would send, and asks for confirmation.

Records could only be stored twice by a gateway that changes what it accepts: one that accepted a post, but refuses it
as a whole when an interrupted run is repeated; or one that refused a post as a whole, accepted its records one by one,
and accepts it as a whole after `sluice replay` has put the same objects back into quarantine.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the action's arguments."""
    parser.add_argument("key", nargs="?", default="", metavar="KEY", help="only blobs whose keys begin with this")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(options: argparse.Namespace) -> int:
    """Show what would be sent, ask, send, and summarise."""
    services = open_for_operator(options)
    resubmission = Resubmission(services.quarantine, services.gateway, services.clock)
    names = [blob.name for blob in blobs(services.quarantine, options.day, options.key)]
    outlooks = {name: outlook for name in names if (outlook := _look(resubmission, name)) is not None}
    objects = sum(outlook.objects for outlook in outlooks.values())
    sendable = [name for name, outlook in outlooks.items() if outlook.records]
    say(
        f"Objects in quarantine: {objects:,}, in blobs: {len(outlooks):,}. "
        f"They yield {sum(outlook.records for outlook in outlooks.values()):,} records to send; "
        f"{sum(outlook.unreadable for outlook in outlooks.values()):,} can't be read by this version either."
    )
    results: list[Resubmitted] = []
    if sendable:
        if not (options.yes or agreed("Send these?")):
            say("Nothing was sent.")
            return Exit.FAILED
        results = _send(resubmission, sendable)
    _tell(options, outlooks, results)
    return Exit.FINE if _left(outlooks, results) == 0 else Exit.ATTENTION


def _look(resubmission: Resubmission, name: str) -> Outlook | None:
    try:
        return resubmission.look(name)
    except Vanished:
        return None


def _send(resubmission: Resubmission, names: Sequence[str]) -> list[Resubmitted]:
    console = Console(stderr=True)
    columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn(), TextColumn("blobs"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress, until_ctrl_c() as stop:
        return list(progress.track(resubmission.run(names, stop), total=len(names)))


def _left(outlooks: dict[str, Outlook], results: Sequence[Resubmitted]) -> int:
    left = {name: outlook.objects for name, outlook in outlooks.items()}
    left |= {result.name: result.left for result in results if result.left is not None}
    return sum(left.values())


def _tell(options: argparse.Namespace, outlooks: dict[str, Outlook], results: Sequence[Resubmitted]) -> None:
    accepted, left = sum(result.accepted for result in results), _left(outlooks, results)
    failed = [(result.name, str(result.trouble)) for result in results if result.trouble is not None]
    if options.json:
        print_json(
            {
                "accepted": accepted,
                "left": left,
                "failed": [{"blob": name, "message": message} for name, message in failed],
            }
        )
        return
    for name, message in failed:
        say(f"{name}: {message}")
    show(f"Records accepted: {accepted:,}. Objects that stay in quarantine: {left:,}.")
