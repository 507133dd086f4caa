"""How much of customers' budgets is spent, and when administrators are notified."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.stores.customers import Customer
from gateway.stores.stores import Stores
from gateway.traffic.budget import DEFAULT_BUDGET, Budget, Spent, Usage

TOLD_AT: Final = 0.8
"""The fraction of a budget at which administrators are notified."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of one part of a budget is spent.

    Attributes:
        what: Which part.
        used: How much is stored.
        most: How much may be stored.
    """

    what: Spent
    used: int
    most: int

    @property
    def is_bytes(self) -> bool:
        """Whether it is counted in bytes."""
        return self.what is Spent.STORED_BYTES

    @property
    def is_spent(self) -> bool:
        """Whether it is used up."""
        return self.used >= self.most

    @property
    def is_low(self) -> bool:
        """Whether administrators are notified."""
        return self.used >= TOLD_AT * self.most


def shares(usage: Usage, budget: Budget) -> tuple[Share, ...]:
    """Return how much of each part of a budget is spent."""
    return (
        Share(Spent.TEXTS, usage.texts, budget.texts),
        Share(Spent.STORED_BYTES, usage.stored_bytes, budget.stored_bytes),
    )


def shares_of(stores: Stores, customer: int) -> tuple[Share, ...]:
    """Return how much of a customer's budget is spent."""
    return shares(stores.records.usage(customer), stores.budgets.of(customer))


def shares_of_all(stores: Stores, now: datetime) -> Iterator[tuple[Customer, tuple[Share, ...]]]:
    """Yield how much of all customers' budgets is spent, without reading what is stored."""
    own = stores.budgets.own()
    for customer in stores.customers.all(now):
        yield customer, shares(stores.records.usage(customer.number), own.get(customer.number, DEFAULT_BUDGET))
