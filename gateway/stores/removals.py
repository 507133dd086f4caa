"""Removal of customers from the SQLite file: at its begin nobody gets in any more, at its end nothing is left."""

from datetime import datetime
from typing import Final

from gateway.clock import to_ms
from gateway.stores.database import Database

_TABLES: Final = (
    *("azure_subscriptions", "deployments", "agents", "items", "blueprints"),
    *("retention", "holds", "budgets", "audit_log", "removals"),
)
"""Those of a customer, besides what lets somebody in. What belongs to their rows goes with these."""


class Removals:
    """The store of removals that have begun. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, customer: int, now: datetime) -> None:
        """Note that a customer's removal has begun, and end all that signs in or posts in its name."""
        with self._database.transaction():
            self._database.run(
                "INSERT INTO removals (customer, began_at) VALUES (?, ?) ON CONFLICT DO NOTHING", customer, to_ms(now)
            )
            self._end_access(customer)

    def under_way(self) -> list[int]:
        """Return the numbers of the customers whose removal has begun and not ended."""
        return [number for (number,) in self._database.run("SELECT customer FROM removals")]

    def finish(self, customer: int) -> bool:
        """Remove all that is left of a customer; return whether there still was one."""
        with self._database.transaction():
            self._end_access(customer)
            for table in _TABLES:
                self._database.run(f"DELETE FROM {table} WHERE customer = ?", customer)  # noqa: S608 - names from above
            return bool(self._database.run("DELETE FROM customers WHERE id = ? RETURNING id", customer))

    def _end_access(self, customer: int) -> None:
        self._database.run("DELETE FROM sessions WHERE user IN (SELECT id FROM users WHERE customer = ?)", customer)
        for table in ("users", "subscription_tokens"):
            self._database.run(f"DELETE FROM {table} WHERE customer = ?", customer)  # noqa: S608 - names of ours
