"""The commands about users. A gateway may be serving at the same time."""

import argparse
from contextlib import closing

from gateway.actions.people import add_user, remove_user, reset_password
from gateway.clock import utc_now
from gateway.stores.accounts import Role
from gateway.stores.passwords import new_password
from gateway.stores.stores import open_database


def add_user_commands(parser: argparse.ArgumentParser, data: argparse.ArgumentParser) -> None:
    """Declare the commands.

    Args:
        parser: The parser of the word that precedes them.
        data: The parser of the options that all commands share.
    """
    user = parser.add_subparsers(dest="action", required=True)
    add = user.add_parser("add", parents=[data], help="add a user, and the customer if new; prints a one-time password")
    add.add_argument("name")
    add.add_argument("--customer", required=True, help="the customer's name")
    add.add_argument(
        "--role",
        type=Role,
        choices=list(Role),
        default=Role.ADMINISTRATOR,
        help="what the user may do (default: %(default)s)",
    )
    password = user.add_parser("password", parents=[data], help="replace a user's password; prints a one-time password")
    password.add_argument("name")
    remove = user.add_parser("remove", parents=[data], help="remove a user, and end the user's sessions")
    remove.add_argument("name")


def change_users(options: argparse.Namespace) -> str:
    """Run the command, and return its result as a sentence.

    Raises:
        StoreError: The name is taken (`TakenError`), or there is no such user (`GoneError`).
    """
    now, name = utc_now(), options.name
    password = new_password()
    with closing(open_database(options.data)) as database:
        match options.action:
            case "add":
                add_user(database, now, name, options.customer, options.role, password)
            case "password":
                reset_password(database, now, name, password)
            case _:
                remove_user(database, now, name)
                return f"{name} is removed. Subscription tokens stay valid: revoke them in the console."
    return f"The password of {name} is {password} (it is not shown again)."
