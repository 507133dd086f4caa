"""Reads a customer's situation from the stores, for the notices."""

from gateway.console.console import Console
from gateway.console.home.notices import LATELY, SOON, Situation
from gateway.console.home.sources import sources
from gateway.keeping.budgets import shares_of
from gateway.stores.machines import SILENT, Machines, machines


class Attention:
    """What needs attention, for all pages that show it."""

    def __init__(self, console: Console) -> None:
        self._stores = console.stores
        self._clock = console.clock

    def situation(self, customer: int) -> Situation:
        """Return a customer's situation. Blocks."""
        now = self._clock()
        configured = self._stores.deployments.configured(customer)
        found = self._stores.records.heard(customer, list(configured))
        counts = machines(self._stores.database, now - SILENT, customer)
        return Situation(
            now,
            sources(found.rows, configured, now),
            found.others,
            configured,
            self._stores.tokens.ending(customer, now, SOON, LATELY),
            counts.get(customer, Machines()),
            shares_of(self._stores, customer),
            self._stores.health.failing_since,
        )
