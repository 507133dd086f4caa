"""Import, create, edit and remove blueprints."""

from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.blueprints import Blueprint, NewBlueprint
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def import_blueprint(stores: Stores, actor: Actor, now: datetime, blueprint: NewBlueprint) -> int:
    """Store a blueprint, replacing any with the same name, and return its number. Blocks."""
    with stores.database.transaction():
        number = stores.blueprints.put(actor.customer, blueprint, now)
        stores.audit_log.add(actor, now, Action.IMPORTED_BLUEPRINT, _told(blueprint))
    return number


def add_blueprint(stores: Stores, actor: Actor, now: datetime, blueprint: NewBlueprint) -> int:
    """Store a new blueprint, and return its number. Blocks.

    Raises:
        TakenError: The customer already has one with this name.
    """
    with stores.database.transaction():
        number = stores.blueprints.add(actor.customer, blueprint, now)
        stores.audit_log.add(actor, now, Action.SAVED_BLUEPRINT, _told(blueprint))
    return number


def edit_blueprint(
    stores: Stores, actor: Actor, now: datetime, stored: Blueprint, blueprint: NewBlueprint, seen: str
) -> None:
    """Replace what a blueprint says, which its machines follow at once. Blocks.

    Args:
        stores: The stores.
        actor: Who edits it.
        now: The present moment.
        stored: The blueprint.
        blueprint: What it says from now on.
        seen: The `mark` of what the actor saw.

    Raises:
        GoneError: It no longer exists.
        ChangedError: Somebody has changed it since.
        TakenError: The customer already has another one with this name.
    """
    with stores.database.transaction():
        stores.blueprints.replace(actor.customer, stored.number, blueprint, now, seen)
        former = "" if stored.content.name == blueprint.name else f", formerly {stored.content.name}"
        stores.audit_log.add(actor, now, Action.SAVED_BLUEPRINT, _told(blueprint) + former)


def remove_blueprint(stores: Stores, actor: Actor, now: datetime, number: int) -> None:
    """Remove a blueprint, also from the machines it is applied to. Blocks.

    Raises:
        GoneError: There is no blueprint with this number.
    """
    with stores.database.transaction():
        name = stores.blueprints.remove(actor.customer, number, now)
        if name is None:
            raise GoneError("There is no such blueprint. It may have been removed in the meantime.")
        stores.audit_log.add(actor, now, Action.REMOVED_BLUEPRINT, name)


def _told(blueprint: NewBlueprint) -> str:
    return f"{blueprint.name}, every {blueprint.interval_seconds} s"
