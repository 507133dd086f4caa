"""Save and remove configurations of flow logs, and download their scripts."""

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.deployments import NewStorageAccount
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def add_deployment(
    stores: Stores, actor: Actor, now: datetime, name: str, subscription_id: str, accounts: Sequence[NewStorageAccount]
) -> None:
    """Store a new configuration. Blocks.

    Raises:
        TakenError: The customer already has one with this name, or with one of the accounts.
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
    """Replace the configuration that the user saw, identified by its `mark`. Blocks.

    Raises:
        GoneError: It no longer exists, or one of its accounts has no stored connection string to keep.
        ChangedError: Somebody has changed it since.
        TakenError: An account that is new to it is in another configuration.
        KeyLostError: Its connection strings can't be encrypted.
    """
    with stores.database.transaction():
        stores.deployments.replace(actor.customer, name, subscription_id, accounts, now, seen)
        stores.audit_log.add(actor, now, Action.SAVED_DEPLOYMENT, name)


def remove_deployment(stores: Stores, actor: Actor, now: datetime, name: str) -> None:
    """Remove a configuration and its connection strings. Blocks.

    Raises:
        GoneError: There is none with this name.
    """
    with stores.database.transaction():
        if not stores.deployments.remove(actor.customer, name):
            raise GoneError(f"There is no deployment {name}. It may have been removed in the meantime.")
        stores.audit_log.add(actor, now, Action.REMOVED_DEPLOYMENT, name)


def give_out_scripts(
    stores: Stores, actor: Actor, now: datetime, name: str, pack: Callable[[dict[str, str]], bytes]
) -> bytes:
    """Return a configuration's scripts, which contain its connection strings. Blocks.

    Args:
        stores: The stores.
        actor: Who downloads them.
        now: The present moment.
        name: The configuration's name.
        pack: Builds the scripts from the connection strings, which are given by account name.

    Raises:
        KeyLostError: The connection strings can't be decrypted.
    """
    content = pack(stores.deployments.connection_strings(actor.customer, name))
    with stores.database.transaction():
        stores.deployments.note_download(actor.customer, name, now)
        stores.audit_log.add(actor, now, Action.DOWNLOADED_SCRIPTS, name)
    return content
