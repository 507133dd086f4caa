"""Removal of customers from the SQLite file: when it begins, access ends; when it ends, nothing is left."""

from datetime import datetime
from typing import Final

from gateway.clock import to_ms
from gateway.stores.database import Database

_TABLES: Final = (
    *("azure_subscriptions", "deployments", "agents", "items", "blueprints"),
    *("retention", "holds", "budgets", "audit_log", "removals"),
)
"""A customer's tables, apart from those that grant access. Rows that depend on theirs are deleted with them."""


class Removals:
    """The store of removals that have begun. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, customer: int, now: datetime) -> None:
        """Record that a customer's removal has begun, and end all access in its name."""
        with self._database.transaction():
            self._database.run(
                "INSERT INTO removals (customer, began_at) VALUES (?, ?) ON CONFLICT DO NOTHING", customer, to_ms(now)
            )
            self._end_access(customer)

    def under_way(self) -> list[int]:
        """Return the numbers of the customers whose removal has begun and not ended."""
        return [number for (number,) in self._database.run("SELECT customer FROM removals")]

    def finish(self, customer: int) -> bool:
        """Remove everything that is left of a customer; return whether it still existed."""
        with self._database.transaction():
            self._end_access(customer)
            for table in _TABLES:
                self._database.run(f"DELETE FROM {table} WHERE customer = ?", customer)  # noqa: S608 - names from above
            return bool(self._database.run("DELETE FROM customers WHERE id = ? RETURNING id", customer))

    def _end_access(self, customer: int) -> None:
        self._database.run("DELETE FROM sessions WHERE user IN (SELECT id FROM users WHERE customer = ?)", customer)
        for table in ("users", "subscription_tokens"):
            self._database.run(f"DELETE FROM {table} WHERE customer = ?", customer)  # noqa: S608 - names of ours
