"""How far customers' budgets are spent, and what an administrator is to be told of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.stores.customers import Customer
from gateway.stores.stores import Stores
from gateway.stores.usage import Budget, Spent, Usage

TOLD_AT: Final = 0.8
"""The part of a budget that is spent when an administrator is told."""


@dataclass(frozen=True, slots=True)
class Share:
    """How far one part of a budget is spent.

    Attributes:
        what: Which part.
        used: How much is stored.
        most: How much may be.

    """

    what: Spent
    used: int
    most: int

    @property
    def part(self) -> float:
        """How much of it is spent, 1 being all; more where the budget was lowered."""
        return self.used / self.most

    @property
    def is_low(self) -> bool:
        """Whether an administrator is to be told."""
        return self.part >= TOLD_AT


def shares(usage: Usage, budget: Budget) -> tuple[Share, ...]:
    """Tell how far each part of a budget is spent."""
    return (
        Share(Spent.TEXTS, usage.texts, budget.texts),
        Share(Spent.STORED_BYTES, usage.stored_bytes, budget.stored_bytes),
    )


def low(usage: Usage, budget: Budget) -> tuple[Share, ...]:
    """Tell of what an administrator is to be told: what is spent, or will be before long."""
    return tuple(share for share in shares(usage, budget) if share.is_low)


def shares_of(stores: Stores, customer: int) -> tuple[Share, ...]:
    """Tell how far a customer's budget is spent."""
    return shares(stores.records.usage(customer), stores.budgets.of(customer))


def shares_of_all(stores: Stores, customers: Iterator[Customer]) -> Iterator[tuple[Customer, tuple[Share, ...]]]:
    """Tell how far the budgets of customers are spent, without a look at what is stored."""
    for customer in customers:
        yield customer, shares_of(stores, customer.number)
