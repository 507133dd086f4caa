"""Sign people in, add and remove them, and change their passwords."""

from datetime import datetime

from gateway.stores.accounts import Accounts, Role, User
from gateway.stores.audit_log import Action, Actor, AuditLog
from gateway.stores.database import Database
from gateway.stores.passwords import hash_password
from gateway.stores.stores import Stores


def sign_in(stores: Stores, now: datetime, name: str, password: str, address: str, action: Action) -> User | None:
    """Return the user with this name and password, and record the outcome in the audit log. Blocks.

    Args:
        stores: The stores.
        now: The present moment.
        name: The name as entered.
        password: The password as entered.
        address: Where they came from.
        action: The action to record in the audit log on success.
    """
    user = stores.accounts.sign_in(name, password)
    if user is not None:
        stores.audit_log.add(Actor.user(user, address), now, action)
    elif (customer := stores.accounts.customer_of(name)) is not None:
        stores.audit_log.add(Actor(customer, name, address), now, Action.SIGN_IN_REFUSED)
    else:
        # There is no audit log for it, but the time of an answer must not reveal which names exist.
        stores.audit_log.add_none()
    return user


def change_password(stores: Stores, now: datetime, user: User, present: str, new: str, address: str) -> User | None:
    """Change a user's password, which ends the user's sessions; return None if the current one is wrong. Blocks."""
    if stores.accounts.sign_in(user.name, present) is None:
        return None
    # Before the transaction, which blocks all others.
    hashed = hash_password(new)
    with stores.database.transaction():
        stores.accounts.set_hash(user.name, hashed)
        stores.audit_log.add(Actor.user(user, address), now, Action.CHANGED_PASSWORD)
    return user


def add_user(database: Database, now: datetime, name: str, customer: str, role: Role, password: str) -> None:
    """Add a user with a one-time password, and the customer if it does not exist yet. Blocks.

    Raises:
        TakenError: The name is taken.
        UnfinishedError: The customer is being removed.
    """
    accounts = Accounts(database)
    with database.transaction():
        user = accounts.add_user(name, accounts.add_customer(customer), password, role, one_time=True)
        _by_command_line(database, now, user, Action.ADDED_USER)


def reset_password(database: Database, now: datetime, name: str, password: str) -> None:
    """Give a user a new one-time password, which ends the user's sessions. Blocks.

    Raises:
        GoneError: There is no such user.
    """
    with database.transaction():
        user = Accounts(database).set_password(name, password, one_time=True)
        _by_command_line(database, now, user, Action.RESET_PASSWORD)


def remove_user(database: Database, now: datetime, name: str) -> None:
    """Remove a user, which ends the user's sessions. Blocks.

    Raises:
        GoneError: There is no such user.
    """
    with database.transaction():
        user = Accounts(database).remove_user(name)
        _by_command_line(database, now, user, Action.REMOVED_USER)


def _by_command_line(database: Database, now: datetime, user: User, action: Action) -> None:
    AuditLog(database).add(Actor.command_line(user.customer), now, action, user.name)
