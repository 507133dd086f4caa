"""The commands about people who sign in; a gateway may be serving meanwhile."""

import argparse
from contextlib import closing

from gateway.clock import utc_now
from gateway.stores.accounts import Accounts, Role
from gateway.stores.audit_log import Action, AuditLog
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
    """Do what the command says; give what is to be told of it.

    Raises:
        StoreError: The name is taken, or there is no such user.

    """
    password = new_password()
    told = f"The password of {options.name} is {password} (it is not shown again)."
    with closing(open_database(options.data)) as database:
        accounts = Accounts(database)
        with database.transaction():
            match options.action:
                case "add":
                    customer = accounts.add_customer(options.customer)
                    user = accounts.add_user(options.name, customer, password, options.role, one_time=True)
                    action = Action.ADDED_USER
                case "password":
                    user = accounts.set_password(options.name, password, one_time=True)
                    action = Action.RESET_PASSWORD
                case _:
                    user = accounts.remove_user(options.name)
                    action = Action.REMOVED_USER
                    told = f"{options.name} is removed. Subscription tokens stay good: revoke them in the console."
            AuditLog(database).add(user.customer, utc_now(), "the command line", action, user.name)
    return told
