"""How many agents a customer may have, and machines that nobody has accepted: whoever has a token makes them known."""

from datetime import datetime, timedelta
from typing import Final

from gateway.clock import to_ms
from gateway.stores.database import Database
from gateway.stores.errors import FullError
from gateway.stores.items import ItemState

MOST_AGENTS: Final = 10_000
"""As many agents as a customer may have, and as many pending machines: each new agent may add one to the list."""
_FORGOTTEN: Final = timedelta(days=1)
"""After so long without a word an agent that nobody accepted or refused makes room for another."""


def require_room_for_agent(database: Database, customer: int, now: datetime) -> None:
    """See that there is room for one more agent; those make it that came, waited and went.

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
        raise FullError(f"There are {count} agents already. Remove machines that no longer exist, in the console.")


def require_room_for_machine(database: Database, customer: int) -> None:
    """See that there is room for one more pending machine; those make it that agents were on under names of before.

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
        raise FullError(f"There are {count} pending machines already. Remove some in the console.")
