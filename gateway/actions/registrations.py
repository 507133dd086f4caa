"""Store and end registrations of Azure subscriptions."""

from datetime import datetime
from typing import Any

from gateway.stores.audit_log import Action, Actor
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def register(stores: Stores, actor: Actor, now: datetime, subscription_id: str, registration: dict[str, Any]) -> bool:
    """Store a registration; return whether the subscription was not registered before. Blocks."""
    with stores.database.transaction():
        new = stores.registrations.put(actor.customer, subscription_id, registration, now)
        stores.audit_log.add(actor, now, Action.REGISTERED if new else Action.UPDATED_REGISTRATION, subscription_id)
    return new


def deregister(stores: Stores, actor: Actor, now: datetime, subscription_id: str) -> None:
    """End a registration. Blocks.

    Raises:
        GoneError: There is none in force.
    """
    with stores.database.transaction():
        if not stores.registrations.end(actor.customer, subscription_id, now):
            raise GoneError(f"The subscription {subscription_id} is not registered.")
        stores.audit_log.add(actor, now, Action.DEREGISTERED, subscription_id)
