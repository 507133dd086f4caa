"""Import and remove blueprints."""

from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores


def import_blueprint(stores: Stores, actor: Actor, now: datetime, blueprint: NewBlueprint) -> int:
    """Store a blueprint, replacing any with the same name, and return its number. Blocks."""
    with stores.database.transaction():
        number = stores.blueprints.put(actor.customer, blueprint, now)
        what = f"{blueprint.name}, every {blueprint.interval_seconds} s"
        stores.audit_log.add(actor, now, Action.IMPORTED_BLUEPRINT, what)
    return number


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
