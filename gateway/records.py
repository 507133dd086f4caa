"""The command about records; a gateway that serves meanwhile does the work."""

import argparse
from typing import Final

from gateway.confirming import require_typed
from gateway.operator.asking import carry_out
from gateway.operator.deleting import in_words
from shared.commands.output import print_json, say

_ERASE: Final = """\
Erases a customer's records of an address or network, or those that a search of the console finds, of all times. It
says how many there are, and asks. If it is cut off, run it again: it erases the rest. The audit log keeps the search.

The posts that brought the records stay known forever, so sending them again, as `sluice replay` does, brings
nothing back. `sluice replay --again` sends everything under other keys, and does bring them back.

A hold on any of the records refuses the erasure until it is lifted in the console. Backups that were made before still
hold the records.
"""


def add_records_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: Of the word that they follow.
        data: What all commands take.

    """
    erase = parser.add_subparsers(dest="action", required=True).add_parser(
        "erase",
        parents=[data],
        help="erase records of a customer for good",
        description=_ERASE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    erase.add_argument("--customer", required=True, metavar="NAME", help="whose records")
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--address", help="records with this address, or one of this network, at either end")
    which.add_argument(
        "--search", metavar="QUERY", help="records that this search finds, as in the console: 'host:web-1'"
    )
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run_records_command(options: argparse.Namespace) -> None:
    """Do what the command says.

    Raises:
        RefusedError: It is not done.

    """
    search = options.search if options.address is None else _search_for(options.address)
    wishes = {"customer": options.customer, "search": search}
    found = carry_out(options.data, "erase", wishes | {"look_only": True}, say)
    if found["records"] and not options.yes:
        require_typed(
            "erase",
            f"In {options.customer}, {in_words(found['records'])} found by {found['search']} will be erased for good.",
        )
    if found["records"]:
        found = carry_out(options.data, "erase", wishes | {"look_only": False}, say)
    if options.json:
        print_json(found)
    say(
        f"In {options.customer}, {in_words(found['records'])} found by {found['search']} erased. Backups made before "
        "now still hold them; restoring one, and `sluice replay --again`, would bring them back."
        if found["records"]
        else f"{options.customer} has no records found by {found['search']}."
    )


def _search_for(address: str) -> str:
    """Return the search for an address, which can say nothing else."""
    quoted = address.replace('"', '""')
    return f'ip:"{quoted}"'
