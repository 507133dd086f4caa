"""What was exposed to the internet: inbound flows from public addresses that a rule allowed."""

from dataclasses import dataclass
from typing import Final

from gateway.traffic.answered import Answered
from gateway.traffic.field import Side
from gateway.traffic.fields import ANSWERED, DECISION, DIRECTION
from gateway.traffic.networks import NOT_PUBLIC
from gateway.traffic.terms import Addresses, Search, Term, Words, with_term
from shared.flowlog.record import Decision, Direction

FROM_INTERNET: Final[tuple[Term, ...]] = (
    Words(DIRECTION, (Direction.INBOUND.value,)),
    Words(DECISION, (Decision.ALLOW.value,)),
    Addresses(Side.SOURCE, NOT_PUBLIC, negated=True),
)


@dataclass(frozen=True, slots=True)
class ExposedPort:
    """A port that flows from the internet were allowed to.

    Attributes:
        protocol: Its protocol's name.
        port: The destination port.
        terms: What to narrow the search by to have these records and no others.
        records: How many records there are.
        answered: How many of them something answered, and not just to refuse: only these show that something listened.
        unanswered: How many of them were measured without an answer. The rest were not measured.
        sources: How many addresses they came from.
        destinations: How many addresses they went to.
        bytes: In both directions, as logged.
        last: The time of the last one, in epoch milliseconds.
    """

    protocol: str
    port: int
    terms: tuple[Term, ...]
    records: int
    answered: int
    unanswered: int
    sources: int
    destinations: int
    bytes: int
    last: int


WAS_ANSWERED: Final = Words(ANSWERED, (Answered.YES.value,))
"""Holds for the records that something answered."""
WAS_NOT_ANSWERED: Final = Words(ANSWERED, (Answered.NO.value,))
"""Holds for the records that were measured without an answer."""


def from_internet(search: Search) -> Search:
    """Narrow a search to inbound flows from public addresses that were allowed."""
    for term in FROM_INTERNET:
        search = with_term(search, term)
    return search
