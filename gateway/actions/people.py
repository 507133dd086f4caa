"""Sign people in, add and remove them, and change their roles and passwords."""

from datetime import datetime

from gateway.stores.accounts import Accounts, Role, User, no_user
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


def add_user(database: Database, actor: Actor, now: datetime, name: str, role: Role, password: str) -> None:
    """Add a user to the actor's customer, with a one-time password. Blocks.

    Raises:
        TakenError: The name is taken.
    """
    _add(database, actor, now, name, role, hash_password(password))


def add_customer(database: Database, now: datetime, customer: str, name: str, role: Role, password: str) -> None:
    """Add a customer, unless there is one with this name, and a user of it, as the gateway's operator does. Blocks.

    Raises:
        TakenError: The user's name is taken.
        UnfinishedError: The customer is being removed.
    """
    hashed = hash_password(password)
    with database.transaction():
        actor = Actor.command_line(Accounts(database).add_customer(customer))
        _add(database, actor, now, name, role, hashed)


def change_role(database: Database, actor: Actor, now: datetime, name: str, role: Role) -> None:
    """Change what a user may do, from the next request on. Blocks.

    Raises:
        GoneError: The actor's customer has no such user.
        NeededError: It would have no administrator left.
    """
    with database.transaction():
        user = Accounts(database).set_role(_of(database, actor, name), role)
        AuditLog(database).add(actor, now, Action.CHANGED_ROLE, f"{user.name}, {user.role}")


def reset_password(database: Database, actor: Actor, now: datetime, name: str, password: str) -> None:
    """Give a user a new one-time password, which ends the user's sessions. Blocks.

    Raises:
        GoneError: The actor's customer has no such user.
    """
    hashed = hash_password(password)
    with database.transaction():
        user = Accounts(database).set_hash(_of(database, actor, name), hashed, one_time=True)
        AuditLog(database).add(actor, now, Action.RESET_PASSWORD, user.name)


def remove_user(database: Database, actor: Actor, now: datetime, name: str) -> None:
    """Remove a user, which ends the user's sessions. Blocks.

    Raises:
        GoneError: The actor's customer has no such user.
        NeededError: It would have no administrator left.
    """
    with database.transaction():
        user = Accounts(database).remove_user(_of(database, actor, name))
        AuditLog(database).add(actor, now, Action.REMOVED_USER, user.name)


def _add(database: Database, actor: Actor, now: datetime, name: str, role: Role, hashed: str) -> None:
    with database.transaction():
        user = Accounts(database).add_hash(name, actor.customer, hashed, role, one_time=True)
        AuditLog(database).add(actor, now, Action.ADDED_USER, f"{user.name}, {user.role}")


def _of(database: Database, actor: Actor, name: str) -> str:
    """Return the name of a user if it is one of the actor's customer."""
    if Accounts(database).customer_of(name) != actor.customer:
        raise no_user(name)
    return name
