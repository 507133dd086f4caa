"""Retention: a customer's own days, and holds."""

from collections.abc import Mapping
from datetime import datetime

from gateway.stores.audit_log import Action, Actor
from gateway.stores.errors import GoneError
from gateway.stores.holds import NewHold
from gateway.stores.stores import Stores
from shared.flowlog.record import Source


def set_retention(stores: Stores, actor: Actor, now: datetime, days: Mapping[Source, int]) -> None:
    """Set a customer's own retention in days, by source; sources that are not named use the default. Blocks."""
    with stores.database.transaction():
        before = stores.retention.days(actor.customer)
        changed = [source for source in Source if days.get(source) != before.get(source)]
        if changed:
            stores.retention.set(actor.customer, days)
            what = ", ".join(f"{each}: {_own(days, each)}, before: {_own(before, each)}" for each in changed)
            stores.audit_log.add(actor, now, Action.SET_RETENTION, what)


def make_hold(stores: Stores, actor: Actor, now: datetime, asked: NewHold) -> int:
    """Create a hold, and return its number. Blocks.

    Raises:
        FullError: The customer has reached the limit of holds in force.
    """
    with stores.database.transaction():
        number = stores.holds.add(
            actor.customer, asked.search, asked.begins_at, asked.ends_at, asked.reason, actor.name, now
        )
        what = f"hold {number}, {asked.first} to {asked.last}, {asked.reason}: {asked.search or 'all records'}"
        stores.audit_log.add(actor, now, Action.MADE_HOLD, what)
    return number


def lift_hold(stores: Stores, actor: Actor, now: datetime, number: int) -> None:
    """Lift a hold. Blocks.

    Raises:
        GoneError: There is no hold with this number in force.
    """
    with stores.database.transaction():
        if not stores.holds.lift(actor.customer, number, now):
            raise GoneError("There is no such hold to lift. It may have been lifted in the meantime.")
        stores.audit_log.add(actor, now, Action.LIFTED_HOLD, f"hold {number}")


def _own(days: Mapping[Source, int], source: Source) -> str:
    number = days.get(source)
    return "general" if number is None else f"{number} day{'s' if number > 1 else ''}"
