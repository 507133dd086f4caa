"""Budgets: what a customer may store, and how much of it is spent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Usage:
    """What is stored.

    Attributes:
        texts: How many distinct texts: names of rules, NICs as their logs describe them, and machines' processes.
        stored_bytes: How many bytes all of it takes, by estimate.
        facts: How many facts about hours, of which only the bytes have a budget.
    """

    texts: int = 0
    stored_bytes: int = 0
    facts: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(self.texts + other.texts, self.stored_bytes + other.stored_bytes, self.facts + other.facts)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a customer may store; each is the most."""

    texts: int
    stored_bytes: int


DEFAULT_BUDGET: Final = Budget(texts=3_000_000, stored_bytes=1_000_000_000_000)
"""Of a customer that has none of its own. It holds the texts of 10,000 NICs and of 10,000 agents with 50 processes
each, and three weeks of a record a minute of each of them; docs/operations.md has the sum."""


class Spent(StrEnum):
    """What of a budget is spent."""

    TEXTS = "distinct texts"
    STORED_BYTES = "stored bytes"


class BudgetSpentError(Exception):
    """A post would pass its customer's budget.

    Attributes:
        what: What is spent.
        most: What the budget allows of it.
    """

    def __init__(self, what: Spent, most: int) -> None:
        super().__init__(f"The budget of {most:,} {what} is spent.")
        self.what = what
        self.most = most
