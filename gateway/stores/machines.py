"""Statistics of customers' machines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from gateway.clock import to_ms
from gateway.stores.database import Database
from gateway.stores.items import COLLECTS, SEEN_AT, ItemState

SILENT: Final = timedelta(minutes=3)
"""An agent polls every half minute, and its last poll is recorded to the minute."""


@dataclass(frozen=True, slots=True)
class Machines:
    """Numbers of a customer's machines.

    Attributes:
        accepted: Those that an administrator has accepted.
        pending: Those that nobody has accepted yet.
        reporting: Those with agents; on accepted machines, only accepted agents count.
        silent: Those of them whose agents have not polled for a while.
        collecting: Those that collect: a blueprint is applied, and an agent is accepted.
        refused: Those of them whose latest delivery was refused.
    """

    accepted: int = 0
    pending: int = 0
    reporting: int = 0
    silent: int = 0
    collecting: int = 0
    refused: int = 0


def machines(database: Database, silent_since: datetime, customer: int | None = None) -> dict[int, Machines]:
    """Count the machines of each customer that has any, or of one customer. Blocks.

    Args:
        database: The database.
        silent_since: An agent that has not polled since then is silent.
        customer: The number of a customer; None for all.
    """
    rows = database.run(
        f"""SELECT customer, sum(state = ?), sum(state = ?), count(seen_at), coalesce(sum(seen_at < ?), 0),
                   sum(collects), coalesce(sum(collects AND status <> ?), 0)
            FROM (
                SELECT customer, state, {SEEN_AT} AS seen_at, {COLLECTS} AS collects,
                    (SELECT status FROM server_traffic WHERE item = items.id ORDER BY id DESC LIMIT 1) AS status
                FROM items {"" if customer is None else "WHERE customer = ?"}
            ) GROUP BY customer""",  # noqa: S608 - words of ours
        ItemState.ACCEPTED,
        ItemState.PENDING,
        to_ms(silent_since),
        HTTPStatus.OK,
        *(() if customer is None else (customer,)),
    )
    return {number: Machines(*counts) for number, *counts in rows}
