"""The command about records. If a gateway is serving, it does the work."""

import argparse
from typing import Final

from gateway.confirming import require_typed
from gateway.operator.client import carry_out
from gateway.operator.deleting import in_words
from shared.commands.output import print_json, say

_ERASE: Final = """\
Erases a customer's records of an address or network, or those that a console search finds, of all times. It says how
many there are, and asks. If it is interrupted, run it again to erase the rest. The audit log records the search.

The posts that contained the records stay known forever, so sending them again, as `sluice replay` does, brings nothing
back. `sluice replay --again` sends everything under other keys, and does bring them back.

If a hold covers any of the records, the erasure is refused: lift the hold in the console first. Earlier backups still
contain the records.
"""


def add_records_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: The parser of the word that precedes them.
        data: The parser of the options that all commands share.
    """
    erase = parser.add_subparsers(dest="action", required=True).add_parser(
        "erase",
        parents=[data],
        help="permanently erase records of a customer",
        description=_ERASE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    erase.add_argument("--customer", required=True, metavar="NAME", help="the customer's name")
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--address", help="records with this address, or one in this network, at either end")
    which.add_argument(
        "--search", metavar="QUERY", help="records that this search finds, as in the console: 'host:web-1'"
    )
    erase.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    erase.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run_records_command(options: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        RefusedError: The command is refused.
    """
    search = options.search if options.address is None else _search_for(options.address)
    arguments = {"customer": options.customer, "search": search}
    found = carry_out(options.data, "erase", arguments | {"look_only": True}, say)
    if found["records"] and not options.yes:
        require_typed(
            "erase",
            f"In {options.customer}, {in_words(found['records'])} found by {found['search']} will be permanently "
            f"erased.",
        )
    if found["records"]:
        found = carry_out(options.data, "erase", arguments | {"look_only": False}, say)
    if options.json:
        print_json(found)
    say(
        f"In {options.customer}, {in_words(found['records'])} found by {found['search']} erased. Earlier backups still "
        f"contain them; restoring one, or `sluice replay --again`, would bring them back."
        if found["records"]
        else f"{options.customer} has no records found by {found['search']}."
    )


def _search_for(address: str) -> str:
    """Return the search for an address, which can contain nothing else."""
    quoted = address.replace('"', '""')
    return f'ip:"{quoted}"'
