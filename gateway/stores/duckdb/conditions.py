"""What is asked of the records, in SQL.

Whatever a person wrote reaches SQL as a parameter. Names and other texts are compared here, not there: they stand in
small tables, and what of them fits is asked for by number.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

from gateway.stores.duckdb.columns import WORKED_OUT
from gateway.stores.duckdb.reading import Rows
from gateway.traffic.addresses import number
from gateway.traffic.field import NumberField, Origin, Side, TextField, WordField
from gateway.traffic.fields import COUNTED, RULE, Counted
from gateway.traffic.question import Question
from gateway.traffic.store import Wanted
from gateway.traffic.terms import (
    Addresses,
    Numbers,
    Pattern,
    Patterns,
    Ports,
    Ranges,
    Services,
    Term,
    Words,
)

_ENDS: Final = {Side.SOURCE: ("src",), Side.DESTINATION: ("dst",), Side.EITHER: ("src", "dst")}
_NEVER: Final = "false"
_TEXTS: Final = 100_000
"""How many texts are compared with a pattern at once."""
_IPV4: Final = ip_network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition in SQL on the table `records`.

    Attributes:
        sql: Our own words, with a `?` for each parameter.
        parameters: The values.
    """

    sql: str
    parameters: tuple[object, ...] = ()


def condition(rows: Rows, question: Question) -> Condition:
    """Put a question into SQL."""
    asked = Condition("customer = ? AND time >= ? AND time < ?", (question.customer, question.start, question.end))
    return _joined(" AND ", [asked, *(_term(rows, question.customer, term) for term in question.search.terms)])


def deleted(rows: Rows, wanted: Wanted) -> Condition:
    """Ask for the records that are to be deleted."""
    asked = any_of(condition(rows, question) for question in wanted.any_of)
    kept = any_of(condition(rows, question) for question in wanted.none_of)
    whose = Condition("customer = ?", (wanted.customer,))
    return _joined(" AND ", [whose, asked, opposite(kept)])


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that at least one of some conditions holds; if there are none, nothing matches."""
    return _joined(" OR ", list(conditions))


def opposite(condition: Condition) -> Condition:
    """Return the exact opposite of a condition."""
    # What is absent makes a comparison null, which is neither true nor, negated, false.
    return Condition(f"NOT coalesce({condition.sql}, false)", condition.parameters)


def _term(rows: Rows, customer: int, term: Term) -> Condition:
    made = _positive(rows, customer, term)
    return opposite(made) if term.negated else made


def _positive(rows: Rows, customer: int, term: Term) -> Condition:
    match term:
        case Addresses(side, networks):
            return any_of(_within_network(end, network) for end in _ENDS[side] for network in _apart(networks))
        case Ports(side, ranges):
            return any_of(_between(f"{end}_port", ranges) for end in _ENDS[side])
        case Services(pairs):
            return any_of(Condition("(protocol = ? AND dst_port = ?)", pair) for pair in pairs)
        case Numbers(field, ranges):
            return _numbers(customer, field, ranges)
        case Words(field, words):
            return _words(customer, field, words)
        case Patterns(field, patterns):
            return _patterns(rows, customer, field, patterns)


def _numbers(customer: int, field: NumberField, ranges: Ranges) -> Condition:
    asked = _between(WORKED_OUT.get(field, field.name), ranges)
    return _of_origins(customer, asked) if field.repeats else asked


def _words(customer: int, field: WordField, words: Iterable[str]) -> Condition:
    if field is COUNTED:
        return any_of(Condition("counted = ?", (word == Counted.YES,)) for word in words)
    if field in WORKED_OUT:
        return any_of(Condition(f"{WORKED_OUT[field]} = ?", (word,)) for word in words)
    if field.repeats:
        return _of_origins(customer, any_of(Condition(f"{field.name} = ?", (word,)) for word in words))
    return any_of(Condition(f"{field.name} = ?::{field.name}", (word,)) for word in words)


def _patterns(rows: Rows, customer: int, field: TextField, patterns: tuple[Pattern, ...]) -> Condition:
    if field.origin is Origin.LOOKED_UP:
        return _term(rows, customer, field.selected(customer, patterns))
    if field is RULE:
        return _listed(rows, customer, "rule_id", "name", "rules", patterns)
    return _listed(rows, customer, "origin_id", field.name, "origins", patterns)


def _apart(networks: Iterable[IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
    """Return networks that hold the same addresses, those that lie in others or touch them as one."""
    return [
        *collapse_addresses(each for each in networks if isinstance(each, IPv4Network)),
        *collapse_addresses(each for each in networks if isinstance(each, IPv6Network)),
    ]


def _within_network(end: str, network: IPv4Network | IPv6Network) -> Condition:
    column = f"{end}_number"
    within = _numbers_between(column, network)
    if isinstance(network, IPv6Network) and network.overlaps(_IPV4):
        # An address of IPv4 lies in no network of IPv6, though its number does.
        return _joined(" AND NOT ", [within, _numbers_between(column, _IPV4)])
    return within


def _numbers_between(column: str, network: IPv4Network | IPv6Network) -> Condition:
    # As text: the driver has no integer of 128 bits without a sign.
    low, high = (str(number(str(address))) for address in (network.network_address, network.broadcast_address))
    return Condition(f"{column} BETWEEN ?::UHUGEINT AND ?::UHUGEINT", (low, high))


def _between(expression: str, ranges: Ranges) -> Condition:
    return any_of(Condition(f"{expression} BETWEEN ? AND ?", each) for each in ranges)


def _of_origins(customer: int, asked: Condition) -> Condition:
    """Ask for the origins of a customer's that meet a condition."""
    query = f"SELECT origin_id FROM origins WHERE customer = ? AND {asked.sql}"  # noqa: S608 - words of ours
    return Condition(f"origin_id IN ({query})", (customer, *asked.parameters))


def _listed(rows: Rows, customer: int, column: str, value: str, table: str, patterns: Sequence[Pattern]) -> Condition:
    """Ask for the numbers under which a customer has a text that fits."""
    numbers: list[int] = []
    for part in _parts(rows, customer, column, value, table):
        numbers += (number for number, text in part if text is not None and _fits(patterns, text))
    return Condition(f"{column} IN (SELECT unnest(?::INTEGER[]))", (numbers,))


def _parts(rows: Rows, customer: int, column: str, value: str, table: str) -> Iterator[list[tuple[int, str | None]]]:
    """Yield a customer's texts with their numbers, part by part: all of them may take more memory than there is."""
    query = f"""
        SELECT {column}, {value} FROM {table} WHERE customer = ? AND {column} > ? ORDER BY {column} LIMIT {_TEXTS:d}
    """  # noqa: S608 - names of ours
    last = -1
    while True:
        part = [(number, text) for number, text in rows(query, [customer, last])]
        yield part
        if len(part) < _TEXTS:
            return
        last = part[-1][0]


def _fits(patterns: Iterable[Pattern], text: str) -> bool:
    return any(pattern.fits(text) for pattern in patterns)


def _joined(word: str, conditions: list[Condition]) -> Condition:
    if not conditions:
        return Condition(_NEVER)
    sql = word.join(each.sql for each in conditions)
    return Condition(f"({sql})", tuple(value for each in conditions for value in each.parameters))
