"""The commands about users. A gateway may be serving at the same time."""

import argparse
from contextlib import closing
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from gateway.actions.people import add_customer, add_user, change_role, remove_user, reset_password
from gateway.clock import utc_now
from gateway.confirming import require_yes
from gateway.stores.accounts import LONGEST_NAME, Accounts, Role
from gateway.stores.audit_log import Actor
from gateway.stores.customers import Customers
from gateway.stores.database import Database
from gateway.stores.passwords import new_password
from gateway.stores.stores import open_database
from shared.commands.output import print_json, say, show

_HEADER: Final = ("CUSTOMER", "USER", "ROLE", "PASSWORD")


def add_user_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: The parser of the word that precedes them.
        data: The parser of the options that all commands share.
    """
    user = parser.add_subparsers(dest="action", required=True)
    listing = user.add_parser("list", parents=[data], help="list the users of all customers")
    listing.add_argument("--json", action="store_true", help="print JSON")
    add = user.add_parser("add", parents=[data], help="add a user to a customer; prints a one-time password")
    add.add_argument("name", type=_name)
    add.add_argument("--customer", type=_name, required=True, help="the customer's name")
    add.add_argument("--new-customer", action="store_true", help="create the customer if there is none with this name")
    add.add_argument(
        "--role",
        type=Role,
        choices=list(Role),
        default=Role.ADMINISTRATOR,
        help="what the user may do (default: %(default)s)",
    )
    role = user.add_parser("role", parents=[data], help="change what a user may do, at once")
    role.add_argument("name")
    role.add_argument("role", type=Role, choices=list(Role), help="the new role")
    reset = user.add_parser(
        "reset",
        aliases=["password"],
        parents=[data],
        help="replace a user's password, and end the user's sessions; prints a one-time password",
    )
    reset.add_argument("name")
    remove = user.add_parser("remove", parents=[data], help="remove a user, and end the user's sessions")
    remove.add_argument("name")


def run_user_command(options: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        RefusedError: The customer does not exist, and is not to be created.
        StoreError: The name is taken (`TakenError`), there is no such user (`GoneError`), or the user is the
            customer's last administrator (`NeededError`).
    """
    now = utc_now()
    with closing(open_database(options.data)) as database:
        match options.action:
            case "list":
                _list(database, now, as_json=options.json)
            case "add":
                _add(database, now, options)
            case "role":
                change_role(database, _operator(database, options.name), now, options.name, options.role)
                say(f"The role of {options.name} is {options.role} now.")
            case "remove":
                remove_user(database, _operator(database, options.name), now, options.name)
                say(f"{options.name} is removed. Subscription tokens stay valid: revoke them in the console.")
            case _:
                password = new_password()
                reset_password(database, _operator(database, options.name), now, options.name, password)
                _tell_password(options.name, password)


def _name(text: str) -> str:
    """Read the name of a user or customer that may be new."""
    if not text or text != text.strip() or not text.isprintable() or len(text) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(
            f"{text!r:.40} is not a name of 1 to {LONGEST_NAME} visible characters without spaces around it"
        )
    return text


def _list(database: Database, now: datetime, *, as_json: bool) -> None:
    listed = [
        (each.name, user) for each in Customers(database).all(now) for user in Accounts(database).all(each.number)
    ]
    if as_json:
        print_json(
            [
                {"customer": name, "name": user.name, "role": user.role, "one_time_password": user.needs_new_password}
                for name, user in listed
            ]
        )
        return
    rows = [(name, user.name, user.role.value, _password(one_time=user.needs_new_password)) for name, user in listed]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    for row in (_HEADER, *rows):
        show("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _password(*, one_time: bool) -> str:
    return "one-time, not replaced yet" if one_time else "own"


def _add(database: Database, now: datetime, options: argparse.Namespace) -> None:
    password = new_password()
    customer = Customers(database).find(options.customer, now)
    if customer is None and not options.new_customer:
        _require_new_customer(options.customer, [each.name for each in Customers(database).all(now)])
    # One that is being removed is refused there, with what to do.
    if customer is None or customer.removal_began_at:
        add_customer(database, now, options.customer, options.name, options.role, password)
    else:
        actor = Actor.command_line(customer.number)
        add_user(database, actor, now, options.name, options.role, password)
    _tell_password(options.name, password)


def _require_new_customer(name: str, known: list[str]) -> None:
    """Ask whether a customer is to be created: its name may be misspelt, and its user would see nothing."""
    folded = {each.casefold(): each for each in known}
    alike = [folded[each] for each in get_close_matches(name.casefold(), folded)]
    meant = f" Did you mean {' or '.join(map(repr, alike))}?" if alike else ""
    require_yes(
        f"There is no customer {name!r}.{meant} Create {name!r}?",
        f"There is no customer {name!r}.{meant} `customer list` lists them; add --new-customer to create it.",
    )


def _operator(database: Database, user: str) -> Actor:
    """Return the operator, who acts for the customer of a user."""
    return Actor.command_line(Accounts(database).named(user).customer)


def _tell_password(name: str, password: str) -> None:
    say(f"The password of {name} is {password} (it is not shown again).")
