"""Retention: how many days customers' records are kept, where that differs from the gateway's default."""

from collections.abc import Mapping
from typing import Final

from gateway.stores.database import Database
from shared.flowlog.record import Source

MOST_DAYS: Final = 36_500
"""The longest retention, other than for ever: the hundred years that records can be from."""


class Retention:
    """The store of customers' own days. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(self, customer: int) -> dict[Source, int]:
        """Return a customer's own days by source; sources without any use the default."""
        rows = self._database.run("SELECT source, days FROM retention WHERE customer = ?", customer)
        return {Source(source): days for source, days in rows}

    def set(self, customer: int, days: Mapping[Source, int]) -> None:
        """Replace a customer's own days."""
        with self._database.transaction():
            self._database.run("DELETE FROM retention WHERE customer = ?", customer)
            for source, number in days.items():
                self._database.run(
                    "INSERT INTO retention (customer, source, days) VALUES (?, ?, ?)", customer, source, number
                )
