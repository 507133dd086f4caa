"""Retention: how many days customers want their records kept, where they differ from the gateway's general ones."""

from collections.abc import Mapping
from typing import Final

from gateway.stores.database import Database
from shared.flowlog.record import Source

MOST_DAYS: Final = 36_500
"""The most days that records are kept, unless for ever: the hundred years that they may be of."""


class Retention:
    """The store of customers' own days. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def days(self, customer: int) -> dict[Source, int]:
        """Return a customer's own days by source; a source without any has the general ones."""
        rows = self._database.run("SELECT source, days FROM retention WHERE customer = ?", customer)
        return {Source(source): days for source, days in rows}

    def set(self, customer: int, days: Mapping[Source, int]) -> None:
        """Put a customer's own days in the place of those before."""
        with self._database.transaction():
            self._database.run("DELETE FROM retention WHERE customer = ?", customer)
            for source, number in days.items():
                self._database.run(
                    "INSERT INTO retention (customer, source, days) VALUES (?, ?, ?)", customer, source, number
                )
