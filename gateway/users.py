"""The commands about people who sign in; a gateway may be serving meanwhile."""

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
        parser: Of the word that they follow.
        data: What all commands take.

    """
    user = parser.add_subparsers(dest="action", required=True)
    add = user.add_parser("add", parents=[data], help="add a user, and the customer if new; prints a password")
    add.add_argument("name")
    add.add_argument("--customer", required=True, help="the customer's name")
    add.add_argument(
        "--role",
        type=Role,
        choices=list(Role),
        default=Role.ADMINISTRATOR,
        help="what the user may do (default: %(default)s)",
    )
    password = user.add_parser("password", parents=[data], help="replace a user's password; prints the new one")
    password.add_argument("name")
    remove = user.add_parser("remove", parents=[data], help="remove a user, and end the user's sessions")
    remove.add_argument("name")


def change_users(options: argparse.Namespace) -> str:
    """Do what the command says; return what is to be told of it.

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
