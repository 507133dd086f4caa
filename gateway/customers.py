"""The commands about customers. If a gateway is serving, it does the work."""

import argparse
import os
import pwd
import re
from contextlib import closing, suppress
from dataclasses import asdict
from typing import Any, Final

from gateway.clock import iso, utc_now
from gateway.confirming import require_typed
from gateway.operator.client import carry_out
from gateway.stores.operator_log import OperatorLog
from gateway.stores.stores import open_database
from gateway.stores.whole import require_kept
from shared.commands.output import print_json, say, show

_REMOVE: Final = """\
Removes a customer with everything that belongs to it: users, sessions, tokens, configurations, registrations, machines,
blueprints, holds, records with their keys, and the audit log. It asks first. If it is interrupted, run it again.

While a hold is in force, it is refused: lift the hold in the console first. Earlier backups still contain everything.
"""
_BUDGET: Final = """\
Shows how much of a customer's budget is spent, and sets the limits given as options. They apply at once, even while a
gateway is serving.

A post that would exceed the budget is answered with 429 and stores nothing; its sender keeps it and tries again. A
budget may be set below what is already stored: nothing is deleted.
"""
_UNITS: Final = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE: Final = re.compile(r"([0-9]{1,15})(KB|MB|GB|TB|)", re.IGNORECASE)
_MOST: Final = 10**15
_DEFAULT: Final = "default"


def add_customer_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: The parser of the word that precedes them.
        data: The parser of the options that all commands share.
    """
    customer = parser.add_subparsers(dest="action", required=True)
    listing = customer.add_parser("list", parents=[data], help="list the customers and their data")
    remove = customer.add_parser(
        "remove",
        parents=[data],
        help="remove a customer and everything that belongs to it",
        description=_REMOVE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    remove.add_argument("name")
    remove.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    budget = customer.add_parser(
        "budget",
        parents=[data],
        help="show or set how much a customer may store",
        description=_BUDGET,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    budget.add_argument("name")
    budget.add_argument(
        "--texts", type=_number, metavar="NUMBER", help="limit for distinct texts, such as 5000000, or: default"
    )
    budget.add_argument(
        "--stored-bytes", type=_size, metavar="SIZE", help="limit for stored bytes, such as 200GB, or: default"
    )
    log = customer.add_parser("log", parents=[data], help="print the operator's log of removals and budget changes")
    for command in (listing, budget, log):
        command.add_argument("--json", action="store_true", help="print JSON")


def run_customer_command(options: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        RefusedError: The command is refused.
    """
    match options.action:
        case "list":
            _list(options)
        case "remove":
            _remove(options)
        case "budget":
            _budget(options)
        case _:
            _log(options)


def _list(options: argparse.Namespace) -> None:
    customers = carry_out(options.data, "customers", {}, say)["customers"]
    if options.json:
        print_json(customers)
        return
    for each in customers:
        began_at = each["removal_began_at"]
        state = f", being removed since {began_at}" if began_at else ""
        show(f"{each['name']}: {_counted(each)}{state}")


def _counted(customer: dict[str, Any]) -> str:
    names = ("users", "tokens", "records", "holds")
    return ", ".join(f"{customer[name]:,} {name if customer[name] != 1 else name[:-1]}" for name in names)


def _remove(options: argparse.Namespace) -> None:
    arguments = {"customer": options.name, "who": _operator()}
    if not options.yes:
        found = carry_out(options.data, "remove", arguments | {"look_only": True}, say)
        begun = " Its removal has already begun." if found["removal_began_at"] else ""
        require_typed(
            options.name,
            f"{options.name} has {_counted(found)}.{begun} Everything that belongs to it will be removed, which can't "
            f"be undone.",
        )
    carry_out(options.data, "remove", arguments | {"look_only": False}, say)
    say(
        f"{options.name} is removed. Backups made before {iso(utc_now())} still contain its data, and restoring one "
        f"brings it back: delete them, wherever they are kept."
    )


def _budget(options: argparse.Namespace) -> None:
    given = {"texts": options.texts, "stored_bytes": options.stored_bytes}
    arguments = {name: None if value == _DEFAULT else value for name, value in given.items() if value is not None}
    told = carry_out(options.data, "budget", {"customer": options.name, "who": _operator()} | arguments, say)
    if options.json:
        print_json(told)
        return
    for name, what in (("texts", "distinct texts"), ("stored_bytes", "stored bytes")):
        used, most = told[name]["used"], told[name]["budget"]
        show(f"{told['customer']}: {used:,} of {most:,} {what}, {used / most:.1%}")


def _number(text: str) -> int | str:
    """Read a number of texts, or "default"."""
    return _most(text, units=False)


def _size(text: str) -> int | str:
    """Read a number of bytes with a decimal unit, or "default"."""
    return _most(text, units=True)


def _most(text: str, *, units: bool) -> int | str:
    if text.lower() == _DEFAULT:
        return _DEFAULT
    match = _SIZE.fullmatch(text)
    number = int(match[1]) * _UNITS[match[2].upper()] if match and (units or not match[2]) else 0
    if not 1 <= number <= _MOST:
        wanted = "a size, such as 200GB," if units else "an integer"
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted} from 1 to {_MOST:,}, or {_DEFAULT}")
    return number


def _log(options: argparse.Namespace) -> None:
    require_kept(options.data)
    with closing(open_database(options.data)) as database:
        done = OperatorLog(database).all()
    if options.json:
        print_json([asdict(each) | {"at": iso(each.at)} for each in done])
        return
    for each in done:
        show(f"{iso(each.at)}  {each.who}  {each.action.words}  {each.subject}")


def _operator() -> str:
    """Return the operating system's name of the user who runs the command."""
    user = os.getuid()
    name = str(user)
    with suppress(KeyError):  # such as in a container, whose user may have no name
        name = pwd.getpwuid(user).pw_name
    return f"the command line ({name})"
