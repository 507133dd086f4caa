"""Limits for a customer's agents and pending machines, which anybody with a token can create."""

from datetime import datetime, timedelta
from typing import Final

from gateway.clock import to_ms
from gateway.stores.database import Database
from gateway.stores.errors import FullError
from gateway.stores.items import ItemState

MOST_AGENTS: Final = 10_000
"""The most agents of a customer, and the most pending machines: each new agent may add one."""
_FORGOTTEN: Final = timedelta(days=1)
"""After this time without a poll, an agent that nobody has accepted or refused makes room for another."""


def require_room_for_agent(database: Database, customer: int, now: datetime) -> None:
    """Make sure that there is room for another agent; agents that waited and disappeared are removed for it.

    Raises:
        FullError: There is none.
    """
    gone = """
        DELETE FROM agents WHERE customer = ? AND seen_at < ? AND NOT EXISTS (
            SELECT 1 FROM agent_decisions WHERE item = agents.item AND agent = agents.id)
        RETURNING 1
    """
    (count,) = database.run("SELECT count(*) FROM agents WHERE customer = ?", customer)[0]
    if count >= MOST_AGENTS and not database.run(gone, customer, to_ms(now - _FORGOTTEN)):
        raise FullError(f"There are already {count} agents. In the console, remove machines that no longer exist.")


def require_room_for_machine(database: Database, customer: int) -> None:
    """Make sure that there is room for another pending machine; machines whose agents have changed their names are
    removed for it.

    Raises:
        FullError: There is none.
    """
    empty = """
        DELETE FROM items WHERE customer = ? AND state = ? AND NOT EXISTS (
            SELECT 1 FROM agents WHERE item = items.id)
        RETURNING 1
    """
    pending = customer, ItemState.PENDING
    (count,) = database.run("SELECT count(*) FROM items WHERE customer = ? AND state = ?", *pending)[0]
    if count >= MOST_AGENTS and not database.run(empty, *pending):
        raise FullError(f"There are already {count} pending machines. Remove some in the console.")
