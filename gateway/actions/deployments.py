"""Configurations of flow logs: saved, removed, and their scripts downloaded."""

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.deployments import NewStorageAccount
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def add_deployment(
    stores: Stores, actor: Actor, now: datetime, name: str, subscription_id: str, accounts: Sequence[NewStorageAccount]
) -> None:
    """Keep a new configuration. Blocks.

    Raises:
        TakenError: The customer has one of this name.
        KeyLostError: Its connection strings can't be encrypted.

    """
    with stores.database.transaction():
        stores.deployments.add(actor.customer, name, subscription_id, accounts, now)
        stores.audit_log.add(actor, now, Action.SAVED_DEPLOYMENT, name)


def replace_deployment(
    stores: Stores,
    actor: Actor,
    now: datetime,
    name: str,
    subscription_id: str,
    accounts: Sequence[NewStorageAccount],
    seen: str,
) -> None:
    """Save a configuration in the place of the one that was seen, which its `mark` tells. Blocks.

    Raises:
        GoneError: There is none of this name any more, or no connection string to keep for one of its accounts.
        ChangedError: It is another one than was seen.
        KeyLostError: Its connection strings can't be encrypted.

    """
    with stores.database.transaction():
        stores.deployments.replace(actor.customer, name, subscription_id, accounts, now, seen)
        stores.audit_log.add(actor, now, Action.SAVED_DEPLOYMENT, name)


def remove_deployment(stores: Stores, actor: Actor, now: datetime, name: str) -> None:
    """Remove a configuration and its connection strings. Blocks.

    Raises:
        GoneError: There is none of this name.

    """
    with stores.database.transaction():
        if not stores.deployments.remove(actor.customer, name):
            raise GoneError(f"There is no deployment {name}. It may have been removed in the meantime.")
        stores.audit_log.add(actor, now, Action.REMOVED_DEPLOYMENT, name)


def give_out_scripts(
    stores: Stores, actor: Actor, now: datetime, name: str, pack: Callable[[dict[str, str]], bytes]
) -> bytes:
    """Return a configuration's scripts, which hold its connection strings. Blocks.

    Args:
        stores: The stores.
        actor: Who downloads them.
        now: The present moment.
        name: The configuration's name.
        pack: Makes the scripts of the connection strings, by the names of their accounts.

    Raises:
        KeyLostError: The connection strings can't be decrypted.

    """
    content = pack(stores.deployments.connection_strings(actor.customer, name))
    stores.audit_log.add(actor, now, Action.DOWNLOADED_SCRIPTS, name)
    return content
