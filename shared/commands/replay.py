"""`sluice replay`: send the logs of past hours again."""

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from shared.commands.interrupt import until_ctrl_c
from shared.commands.opening import add_settings_option, open_for_operator
from shared.commands.output import Exit, agreed, print_json, say
from shared.commands.tables import add_row, new_table, print_table, size
from shared.delivery.horizon import KEPT, whole_hour
from shared.delivery.replay import Planned, Replay
from shared.delivery.report import Outcome, Report
from shared.errors import SluiceError
from shared.services import make_places
from shared.settings import parse_hour

_AGAIN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DONE: Final = {Outcome.DELIVERED, Outcome.NOTHING_NEW, Outcome.INCOMPLETE}
_HOPELESS: Final = {Outcome.VANISHED, Outcome.UNSUPPORTED}
_DESCRIPTION: Final = """\
Read the log blobs of the hours from --from up to --to (not included; UTC) and send them to the gateway again. What was
delivered before is sent in the same batches under the same keys, so a replay fills in what the gateway lost and stores
nothing twice, however often it is run. Log blobs that were never begun, such as those from before the installation, are
delivered as new. It first shows what it will send, and asks for confirmation.

Ctrl-C stops it once the posts in progress are answered, and it then says how to continue. Killing it is safe, too.
"""
_EPILOG: Final = f"""\
what to know: A batch that the gateway refused as a whole and accepted in halves is sent in those halves again, whatever
the gateway accepts now. A batch that it accepted as a whole and now refuses is not halved, since the halves would be
stored in addition: the replay stops and says so. A log blob that the app is working on, or that a killed worker held
a moment ago, is skipped and listed: continue two minutes later. One whose batches are no longer known is skipped
and listed, too. Checkpoints, and the gateway's keys, are kept for {KEPT.days} days. A log blob older than that counts
as new: if it was delivered then, and the gateway has forgotten its keys or BATCH_MAX_RECORDS has changed, its records
are stored twice. --again ID adds ID to every key, so that all records of begun logs are stored again in addition to
what the gateway has: for a gateway that has lost records but kept their keys. Using the same ID again does not store
them a third time. Records that were erased in the gateway come back, too; without --again they do not.

exit codes:
  0  everything was sent
  1  something was not: it was stopped, or log blobs failed
  2  nothing was sent: wrong hours or settings, storage failed, or the answer was not yes

example:
  sluice replay --from 2026-11-23T09 --to 2026-11-23T15
"""


@dataclass(frozen=True, slots=True)
class _Result:
    # What became of a plan: a report for each log blob that was looked into.
    plan: Sequence[Planned]
    reports: Sequence[tuple[Planned, Report]]

    @property
    def done(self) -> int:
        return sum(report.outcome in _DONE for _, report in self.reports)

    @property
    def failed(self) -> list[Report]:
        return [report for _, report in self.reports if report.outcome not in {*_DONE, Outcome.CONTINUES}]

    @property
    def go_on_from(self) -> datetime | None:
        """The hour from which another replay can continue; None if there is nothing left to do."""
        over = {planned.item.log for planned, report in self.reports if report.outcome in _DONE | _HOPELESS}
        return min((log.hour for planned in self.plan if (log := planned.item.log) not in over), default=None)

    def count(self, name: str) -> int:
        return sum(getattr(report.tally, name) for _, report in self.reports)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_settings_option(parser)
    parser.add_argument(
        "--from", dest="start", required=True, metavar="HOUR", help="the first hour, such as 2026-11-23T09, or a day"
    )
    parser.add_argument("--to", dest="end", required=True, metavar="HOUR", help="the hour after the last one")
    parser.add_argument(
        "--prefix",
        default="",
        metavar="RESOURCE",
        help="only log blobs whose names begin with this, as `sluice status --json` shows them under `resource`",
    )
    parser.add_argument("--again", default="", metavar="ID", help="store all records a second time, under this ID")
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(options: argparse.Namespace) -> int:
    """Show the plan, ask, send, and summarise."""
    if options.again and not _AGAIN.fullmatch(options.again):
        raise SluiceError("The ID of --again must be 1 to 64 letters, digits, dots, underscores and hyphens.")
    services = open_for_operator(options)
    now = services.clock.now()
    start, end = _hours(options, now)
    replay = Replay(
        services.logs,
        services.checkpoints,
        services.claims,
        services.collaborators(),
        services.settings.batch_max_records,
        options.again,
    )
    plan = [planned for planned in replay.plan(start, end, options.prefix) if planned.item.size]
    _show_plan(plan)
    _warn(plan, options.again, before=whole_hour(now - KEPT))
    if plan and not (options.yes or agreed("Send this?")):
        say("Nothing was sent.")
        return Exit.FAILED
    make_places(services.own, services.table)
    result = _Result(plan, _send(replay, plan))
    if options.json:
        print_json(_document(result))
    else:
        _sum_up(result)
    _say_what_is_left(result, options)
    return Exit.FINE if result.done == len(plan) else Exit.ATTENTION


def _hours(options: argparse.Namespace, now: datetime) -> tuple[datetime, datetime]:
    hours = []
    for name, text in (("--from", options.start), ("--to", options.end)):
        try:
            hours.append(parse_hour(text))
        except ValueError:
            raise SluiceError(f"{name} is not a valid hour in UTC. It should look like 2026-11-23T15.") from None
    start, end = hours
    if start >= end:
        raise SluiceError("--from must be before --to, the hour after the last one.")
    if end > now:
        raise SluiceError(f"--to is in the future. The latest possible hour is {now:%Y-%m-%dT%H}, in UTC.")
    return start, end


def _show_plan(plan: Sequence[Planned]) -> None:
    if not plan:
        say("There are no log blobs in these hours.")
        return
    numbers = ("NICs", "Hours", "Blobs", "New", "Size")
    table = new_table("Logs", "Resource", *numbers, numbers=numbers)

    def resource(planned: Planned) -> tuple[str, str]:
        return planned.item.log.kind.name, planned.item.log.resource

    for (kind, name), group in groupby(sorted(plan, key=resource), resource):
        add_row(table, kind, name.rpartition("/")[2], *_sizes(list(group)))
    table.add_section()
    add_row(table, "All", "", *_sizes(plan))
    print_table(table, sys.stderr)


def _sizes(plan: Sequence[Planned]) -> tuple[str, ...]:
    counts = (
        len({(planned.item.log.resource, planned.item.log.mac) for planned in plan}),
        len({planned.item.log.hour for planned in plan}),
        len(plan),
        sum(not planned.begun for planned in plan),
    )
    return (*map(str, counts), size(sum(planned.item.size for planned in plan)))


def _warn(plan: Sequence[Planned], again: str, before: datetime) -> None:
    old = sum(planned.item.log.hour < before and not planned.begun for planned in plan)
    if old:
        say(
            f"Warning: {old} new blobs are older than {before:%Y-%m-%dT%H}. If they were delivered then, that is no "
            "longer known, and their records would be stored a second time."
        )
    if again and plan:
        say(f"Warning: with --again {again} all records except those of new blobs will be stored a second time.")
        say("Records that were erased in the gateway come back, too.")


def _send(replay: Replay, plan: Sequence[Planned]) -> list[tuple[Planned, Report]]:
    console = Console(stderr=True)
    columns = (
        TextColumn("Sending"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[blobs]} blobs"),
        TimeRemainingColumn(),
    )
    reports = []
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress, until_ctrl_c() as stop:
        task = progress.add_task("", total=sum(planned.item.size for planned in plan), blobs=0)
        for planned, report in replay.run(plan, stop, lambda count: progress.advance(task, count)):
            reports.append((planned, report))
            progress.update(task, blobs=len(reports))
    return reports


def _sum_up(result: _Result) -> None:
    table = new_table("Sent", "", numbers=("",))
    rows = {
        "blobs": f"{result.done:,} of {len(result.plan):,}",
        "records stored": f"{result.count('records') - result.count('duplicate_records'):,}",
        "records that the gateway already had": f"{result.count('duplicate_records'):,}",
        "quarantined": f"{result.count('quarantined'):,}",
        "blobs failed": f"{len(result.failed):,}",
    }
    for name, value in rows.items():
        add_row(table, name, value)
    print_table(table)


def _say_what_is_left(result: _Result, options: argparse.Namespace) -> None:
    for report in result.failed:
        say(f"{report.blob}: {report.message} ({report.outcome.code})")
    if (start := result.go_on_from) is not None:
        words = ["sluice", "replay", "--from", f"{start:%Y-%m-%dT%H}", "--to", options.end]
        for name in ("settings", "prefix", "again"):
            if value := getattr(options, name):
                words += [f"--{name}", str(value)]
        say(f"To continue: {shlex.join(words)}")


def _document(result: _Result) -> dict[str, object]:
    return {
        "blobs": len(result.plan),
        "blobs_done": result.done,
        "records_stored": result.count("records") - result.count("duplicate_records"),
        "records_had": result.count("duplicate_records"),
        "quarantined": result.count("quarantined"),
        "failed": [
            {"blob": report.blob, "outcome": report.outcome.code, "message": report.message} for report in result.failed
        ],
        "go_on_from": result.go_on_from,
    }
