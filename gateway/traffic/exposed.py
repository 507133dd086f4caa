"""What the internet was let in to: inbound flows from public addresses that a rule allowed."""

from dataclasses import dataclass
from typing import Final

from gateway.stores.records import Records
from gateway.traffic.basis import AS_LOGGED
from gateway.traffic.first import MOST_ROWS, First, counted
from gateway.traffic.networks import NOT_PUBLIC
from gateway.traffic.questions import Question, condition
from gateway.traffic.terms import LARGEST, Addresses, NumberKey, Numbers, Search, Side, Term, WordKey, Words, with_term
from gateway.traffic.top import port_name
from shared.flowlog.record import Decision, Direction

_TERMS: Final[tuple[Term, ...]] = (
    Words(WordKey.DIRECTION, (Direction.INBOUND.value,)),
    Words(WordKey.DECISION, (Decision.ALLOW.value,)),
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
        answered: How many of them counted bytes of an answer: only these show that something listened.
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
    sources: int
    destinations: int
    bytes: int
    last: int


ANSWERED: Final = Numbers(NumberKey.REPLY, ((1, LARGEST[NumberKey.REPLY]),))
"""Holds for the records that counted bytes of an answer."""


def from_internet(search: Search) -> Search:
    """Narrow a search to inbound flows from public addresses that were allowed."""
    for term in _TERMS:
        search = with_term(search, term)
    return search


def exposed_ports(records: Records, question: Question) -> First[ExposedPort]:
    """Return the ports that flows from the internet were allowed to, those with the most sources first."""
    narrowed = Question(question.customer, question.start, question.end, from_internet(question.search))
    asked = condition(records, narrowed)
    rows = records.rows(
        f"""SELECT protocol, dst_port, count(*), count(*) FILTER (bytes_dst_to_src > 0),
                   count(DISTINCT src_number) AS sources, count(DISTINCT dst_number), {AS_LOGGED.sql}, max(time),
                   count(*) OVER ()
            FROM records WHERE {asked.sql} GROUP BY protocol, dst_port ORDER BY sources DESC, 3 DESC, 1, 2
            LIMIT {MOST_ROWS}""",  # noqa: S608 - ours
        asked.parameters,
    )
    return counted(rows, lambda protocol, port, *numbers: _exposed(protocol, port, *map(int, numbers)))


def _exposed(protocol: int, port: int, *numbers: int) -> ExposedPort:
    (name, _), terms = port_name(protocol, port)
    return ExposedPort(name, port, (*_TERMS, *terms), *numbers)
