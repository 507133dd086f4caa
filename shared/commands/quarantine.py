"""`sluice quarantine`: show, export and resend what could not be delivered."""

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from shared.commands import quarantine_list, quarantine_resubmit
from shared.commands.opening import add_settings_option, open_for_operator
from shared.commands.output import Exit, print_json, show
from shared.commands.quarantine_objects import blobs, contents, exported, read_object, text
from shared.errors import SluiceError

_DESCRIPTION: Final = """\
Nothing that Azure logged is dropped: a tuple, record or range of bytes that the decoder could not read, and a line (a
flow record) that the gateway rejected, is kept in the function app's own storage account, one object each, in blobs
that are named after the day of the log and a key.
"""
_EPILOG: Final = """\
exit codes:
  list       0  nothing is in quarantine     1  something is             2  it could not be read
  show       0  shown                                                    2  there is no such key
  export     0  written                                                  2  it could not be read or written
  resubmit   0  nothing is left              1  something stays          2  nothing was sent

examples:
  sluice quarantine list --day 2026-11-23
  sluice quarantine show 4f0c2a
  sluice quarantine export --day 2026-11-23 --output objects.ndjson
  sluice quarantine resubmit --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
        added = actions.add_parser(
            name,
            help=summary,
            description=description or f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_settings_option(added)
        return added

    counted = add(
        "list", "count the objects of each day by unit and reason; with --day also list each blob with its key"
    )
    _add_day(counted)
    counted.add_argument("--json", action="store_true", help="print one JSON object")
    counted.set_defaults(action=quarantine_list.run)
    shown = add("show", "print the objects of one blob")
    shown.add_argument("key", metavar="KEY", help="its key, or the beginning of the key")
    shown.add_argument("--json", action="store_true", help="print one JSON array")
    shown.set_defaults(action=_show)
    exported = add("export", "write objects as NDJSON, one per line, as stored except for the gateway's reasons")
    _add_day(exported)
    exported.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file to write to instead of standard output"
    )
    exported.set_defaults(action=_export)
    resubmitted = add("resubmit", "send objects again", quarantine_resubmit.DESCRIPTION)
    _add_day(resubmitted)
    quarantine_resubmit.add_arguments(resubmitted)
    resubmitted.set_defaults(action=quarantine_resubmit.run)


def run(options: argparse.Namespace) -> int:
    """Run the action."""
    return int(options.action(options))


def _add_day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="only logs of this day, in UTC")


def _show(options: argparse.Namespace) -> int:
    container = open_for_operator(options).quarantine
    objects = [
        read_object(line) for _, lines in contents(container, blobs(container, None, options.key)) for line in lines
    ]
    if options.json:
        print_json(objects)
        return Exit.FINE
    for each in objects:
        start, end = each["range"] if isinstance(each.get("range"), list) else ("?", "?")
        show(f"{text(each, 'unit')}: {text(each, 'reason')}")
        show(f"  log    {text(each, 'container')}/{text(each, 'blob')}")
        show(f"  at     bytes {start} to {end}, {text(each, 'position')}")
        show(f"  holds  {text(each, 'raw') or 'base64: ' + text(each, 'raw_base64')}")
    return Exit.FINE


def _export(options: argparse.Namespace) -> int:
    container = open_for_operator(options).quarantine
    found = blobs(container, options.day)
    with _output(options.output) as stream:
        for _, lines in contents(container, found):
            stream.writelines(exported(line) + b"\n" for line in lines)
        stream.flush()
    return Exit.FINE


def _output(file: Path | None) -> AbstractContextManager[BinaryIO]:
    if file is None:
        return nullcontext(sys.stdout.buffer)
    try:
        return file.open("xb")
    except FileExistsError:
        raise SluiceError(f"{file} already exists. Name a new file.") from None
    except OSError as error:
        raise SluiceError(f"{file} can't be written: {error.strerror}.") from None
