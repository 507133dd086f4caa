"""Which records' bytes a sum uses: those that count, each flow's once, or all as they were logged.

Where two machines talk, both NICs log it, and one of the records counts. So a search for what one NIC, rule or machine
saw would show nothing for real traffic wherever another's records count; there bytes are summed as logged.
"""

from dataclasses import dataclass
from typing import Final

from gateway.traffic.fields import COUNTED, Counted
from gateway.traffic.terms import Numbers, Patterns, Search, Term, Words


@dataclass(frozen=True, slots=True)
class Basis:
    """What a sum of bytes takes.

    Attributes:
        words: The same in words.
        terms: What narrows a search to the records that are summed.
    """

    words: str
    terms: tuple[Term, ...]


ONCE: Final = Basis("each flow once", (Words(COUNTED, (Counted.YES,)),))
"""The bytes of both directions, of each flow as one of its observers measured them."""
AS_LOGGED: Final = Basis("as logged", ())
"""The bytes of both directions, as far as they were measured, as often as they were."""


def basis_of(search: Search) -> Basis:
    """Return what sums over the records that a search finds take."""
    return AS_LOGGED if any(map(_names_observer, search.terms)) else ONCE


def _names_observer(term: Term) -> bool:
    return isinstance(term, Words | Patterns | Numbers) and term.field.of_observer
