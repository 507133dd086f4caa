"""The commands about customers; a gateway that serves meanwhile does the work."""

import argparse
import os
import pwd
import re
from contextlib import closing, suppress
from dataclasses import asdict
from typing import Any, Final

from gateway.clock import iso, utc_now
from gateway.confirming import require_typed
from gateway.operator.asking import carry_out
from gateway.stores.operator_log import OperatorLog
from gateway.stores.stores import open_database
from gateway.stores.whole import require_kept
from shared.commands.output import print_json, say, show

_REMOVE: Final = """\
Removes a customer with everything that belongs to it: users, sessions, tokens, configurations, registrations, machines,
blueprints, holds, records with their keys, and the audit log. It asks first. If it is cut off, run it again.

A hold in force refuses it until it is lifted in the console. Backups that were made before still hold everything.
"""
_BUDGET: Final = """\
Shows how much of a customer's budget is spent, and sets the limits that are given as options, at once, even while a
gateway is serving.

A post that would exceed the budget is answered 429, stores nothing, and is kept by its sender, which tries again. A
budget may be set below what is stored: nothing is deleted.
"""
_UNITS: Final = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE: Final = re.compile(r"([0-9]{1,15})(KB|MB|GB|TB|)", re.IGNORECASE)
_MOST: Final = 10**15
_DEFAULT: Final = "default"


def add_customer_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: Of the word that they follow.
        data: What all commands take.

    """
    customer = parser.add_subparsers(dest="action", required=True)
    listing = customer.add_parser("list", parents=[data], help="list the customers and what they have")
    remove = customer.add_parser(
        "remove",
        parents=[data],
        help="remove a customer with everything that belongs to it",
        description=_REMOVE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    remove.add_argument("name")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    budget = customer.add_parser(
        "budget",
        parents=[data],
        help="show how much a customer may store, and set it",
        description=_BUDGET,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    budget.add_argument("name")
    budget.add_argument(
        "--texts", type=_number, metavar="NUMBER", help="the most distinct texts, such as 5000000; or: default"
    )
    budget.add_argument(
        "--stored-bytes", type=_size, metavar="SIZE", help="the most stored bytes, such as 200GB; or: default"
    )
    log = customer.add_parser("log", parents=[data], help="print the operator's log of removals and budgets")
    for command in (listing, budget, log):
        command.add_argument("--json", action="store_true", help="print JSON")


def run_customer_command(options: argparse.Namespace) -> None:
    """Do what the command says.

    Raises:
        RefusedError: It is not done.

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
    wishes = {"customer": options.name, "who": _operator()}
    if not options.yes:
        found = carry_out(options.data, "remove", wishes | {"look_only": True}, say)
        begun = " Its removal has begun already." if found["removal_began_at"] else ""
        require_typed(
            options.name,
            f"{options.name} has {_counted(found)}.{begun} All that belongs to it will be removed, which can't "
            "be undone.",
        )
    carry_out(options.data, "remove", wishes | {"look_only": False}, say)
    say(
        f"{options.name} is removed. Backups made before {iso(utc_now())} still hold what belonged to it, and "
        "restoring one brings it back: delete them, wherever they are kept."
    )


def _budget(options: argparse.Namespace) -> None:
    given = {"texts": options.texts, "stored_bytes": options.stored_bytes}
    wishes = {name: None if value == _DEFAULT else value for name, value in given.items() if value is not None}
    told = carry_out(options.data, "budget", {"customer": options.name, "who": _operator()} | wishes, say)
    if options.json:
        print_json(told)
        return
    for name, what in (("texts", "distinct texts"), ("stored_bytes", "stored bytes")):
        used, most = told[name]["used"], told[name]["budget"]
        show(f"{told['customer']}: {used:,} of {most:,} {what}, {used / most:.1%}")


def _number(text: str) -> int | str:
    """Read a number of texts, or that it is to be as by default."""
    return _most(text, units=False)


def _size(text: str) -> int | str:
    """Read a number of bytes likewise, with a unit of a thousand, a million and so on."""
    return _most(text, units=True)


def _most(text: str, *, units: bool) -> int | str:
    if text.lower() == _DEFAULT:
        return _DEFAULT
    match = _SIZE.fullmatch(text)
    number = int(match[1]) * _UNITS[match[2].upper()] if match and (units or not match[2]) else 0
    if not 1 <= number <= _MOST:
        wanted = "a size, such as 200GB," if units else "a whole number"
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
    """Return who runs the command, as the machine knows its users."""
    user = os.getuid()
    name = str(user)
    with suppress(KeyError):  # as in a container, whose user need not have a name
        name = pwd.getpwuid(user).pw_name
    return f"the command line ({name})"
