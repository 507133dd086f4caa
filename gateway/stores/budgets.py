"""Budgets: how much customers may store, where the operator has set it."""

from gateway.stores.database import Database
from gateway.traffic.budget import DEFAULT_BUDGET, Budget


class Budgets:
    """The store of customers' own budgets. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, customer: int) -> Budget:
        """Return what a customer may store."""
        rows = self._database.run("SELECT texts, stored_bytes FROM budgets WHERE customer = ?", customer)
        return _budget(*rows[0]) if rows else DEFAULT_BUDGET

    def own(self) -> dict[int, Budget]:
        """Return the budgets of all customers without the default one, by their numbers."""
        rows = self._database.run("SELECT customer, texts, stored_bytes FROM budgets")
        return {customer: _budget(*budget) for customer, *budget in rows}

    def set(self, customer: int, budget: Budget) -> None:
        """Set a customer's budget; parts that equal the default follow the default if it changes."""
        texts, stored_bytes = (
            None if own == default else own
            for own, default in (
                (budget.texts, DEFAULT_BUDGET.texts),
                (budget.stored_bytes, DEFAULT_BUDGET.stored_bytes),
            )
        )
        self._database.run(
            """INSERT INTO budgets (customer, texts, stored_bytes) VALUES (?, ?, ?)
               ON CONFLICT (customer) DO UPDATE SET texts = excluded.texts, stored_bytes = excluded.stored_bytes""",
            customer,
            texts,
            stored_bytes,
        )


def _budget(texts: int | None, stored_bytes: int | None) -> Budget:
    return Budget(
        DEFAULT_BUDGET.texts if texts is None else texts,
        DEFAULT_BUDGET.stored_bytes if stored_bytes is None else stored_bytes,
    )
