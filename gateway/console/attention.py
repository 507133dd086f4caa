"""Asks the stores what is the case with a customer, for the notices."""

from gateway.clock import Clock
from gateway.console.items_page import SILENT
from gateway.console.notices import LATELY, SOON, Situation
from gateway.console.sources import sources
from gateway.keeping.budgets import shares_of
from gateway.stores.machines import Machines, machines
from gateway.stores.stores import Stores
from gateway.traffic.freshness import heard


class Attention:
    """What needs attention, for all pages that tell of it."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock

    def situation(self, customer: int) -> Situation:
        """Return what is the case. Blocks."""
        now = self._clock()
        configured = self._stores.deployments.configured(customer)
        found = heard(self._stores.records, customer, list(configured))
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
