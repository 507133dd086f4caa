"""Store and end registrations of deployments in Azure subscriptions."""

from datetime import datetime
from typing import Any

from gateway.stores.audit_log import Action, Actor
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def register(stores: Stores, actor: Actor, now: datetime, subscription_id: str, registration: dict[str, Any]) -> bool:
    """Store the registration of the deployment that it names; return whether it was not registered before. Blocks."""
    with stores.database.transaction():
        new = stores.registrations.put(actor.customer, subscription_id, registration, now)
        action = Action.REGISTERED if new else Action.UPDATED_REGISTRATION
        stores.audit_log.add(actor, now, action, _subject(subscription_id, registration["deployment"]))
    return new


def deregister(stores: Stores, actor: Actor, now: datetime, subscription_id: str, deployment: str) -> None:
    """End the registration of a deployment in a subscription. Blocks.

    Raises:
        GoneError: There is none in force.
    """
    with stores.database.transaction():
        if not stores.registrations.end(actor.customer, subscription_id, deployment, now):
            raise GoneError(f"{deployment} is not registered in the subscription {subscription_id}.")
        stores.audit_log.add(actor, now, Action.DEREGISTERED, _subject(subscription_id, deployment))


def deregister_only(stores: Stores, actor: Actor, now: datetime, subscription_id: str) -> None:
    """End a subscription's only registration. Blocks.

    Raises:
        GoneError: There is none in force.
        AmbiguousError: There are several.
    """
    with stores.database.transaction():
        deployment = stores.registrations.only_deployment(actor.customer, subscription_id)
        if deployment is None:
            raise GoneError(f"Nothing is registered in the subscription {subscription_id}.")
        deregister(stores, actor, now, subscription_id, deployment)


def _subject(subscription_id: str, deployment: str) -> str:
    return f"{subscription_id} {deployment}"
