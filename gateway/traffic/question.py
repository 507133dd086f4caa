"""What is asked of the records: whose, of which time, and which of them."""

from dataclasses import dataclass, replace
from typing import Final, Self

from gateway.traffic.terms import Search
from shared.flowlog.record import TIME_END_MS

EVER: Final = (0, TIME_END_MS)
"""A span that the times of all records lie in."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which records are asked for.

    Attributes:
        customer: The number of the customer whose they are.
        start: The earliest time, in epoch milliseconds.
        end: The time that all are before, in epoch milliseconds.
        search: What else must hold.
    """

    customer: int
    start: int
    end: int
    search: Search

    @classmethod
    def all_of(cls, customer: int) -> Self:
        """Ask for all records of a customer."""
        return cls(customer, *EVER, Search())

    def within(self, start: int, end: int) -> "Question":
        """Return the same question about the part of its time that lies in a span."""
        start, end = max(start, self.start), min(end, self.end)
        return replace(self, start=start, end=max(start, end))

    def and_also(self, other: "Question") -> "Question":
        """Ask for the records that both questions, of one customer, ask for."""
        both = self.within(other.start, other.end)
        return replace(both, search=Search((*self.search.terms, *other.search.terms)))
