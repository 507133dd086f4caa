"""What a search asks for, apart from how it is written: terms that must all hold.

Two rules make every number on a page equal the rows that its link opens. A negated term holds exactly where the term
does not, absent values included. And a pattern that is `exact` selects one text and no other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from gateway.traffic.field import AddressField, NumberField, PortField, Side, TextField, WordField
from gateway.traffic.fields import FIELDS, SERVICE
from gateway.traffic.networks import NOT_PUBLIC, PRIVATE
from gateway.traffic.protocols import protocol_name
from shared.flowlog.record import PORT_MAX

_NOT_BARE: Final = re.compile(r'[\s,"=]')
_ADDRESS_KEYS: Final = {field.side: field.key for field in FIELDS if isinstance(field, AddressField)}
_PORT_KEYS: Final = {field.side: field.key for field in FIELDS if isinstance(field, PortField)}


type Ranges = tuple[tuple[int, int], ...]
"""Ranges of numbers, both ends included."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The address at a side lies in one of the networks.

    A network holds addresses of its own family only; an IPv4 address that is written inside IPv6 (`::ffff:a.b.c.d`)
    counts as IPv4.
    """

    side: Side
    networks: tuple[IPv4Network | IPv6Network, ...]
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        all_private = self.networks == NOT_PUBLIC
        values = (PRIVATE,) if all_private else map(_network_text, self.networks)
        return _written(self.negated, _ADDRESS_KEYS[self.side], values)


@dataclass(frozen=True, slots=True)
class Ports:
    """The port at a side lies in one of the ranges."""

    side: Side
    ranges: Ranges
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return _written(self.negated, _PORT_KEYS[self.side], (_range_text(each, PORT_MAX) for each in self.ranges))


@dataclass(frozen=True, slots=True)
class Services:
    """The protocol and the destination port are one of these pairs."""

    pairs: tuple[tuple[int, int], ...]
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return _written(self.negated, SERVICE.key, (f"{protocol_name(each)}/{port}" for each, port in self.pairs))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number lies in one of the ranges.

    Where it is absent, as a sum is of which nothing was measured, the term does not hold.
    """

    field: NumberField
    ranges: Ranges
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return _written(self.negated, self.field.key, (self._text(each) for each in self.ranges))

    def _text(self, numbers: tuple[int, int]) -> str:
        low, high = numbers
        names = {number: name for name, number in self.field.names.items()}
        return names[low] if low == high and low in names else _range_text(numbers, self.field.largest)


@dataclass(frozen=True, slots=True)
class Words:
    """A value is one of the words, which belong to a closed set."""

    field: WordField
    words: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return _written(self.negated, self.field.key, self.words)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a text may be.

    Attributes:
        text: As written. The text of a NIC has 12 upper-case hexadecimal digits, or fewer around a `*`.
        exact: The value is this text, character for character. Otherwise `*` stands for any characters, even none, and
            upper and lower case are the same.
    """

    text: str
    exact: bool = False

    def fits(self, text: str) -> bool:
        """Return whether a text is one that this allows, in a time that grows with the text's length alone.

        A regular expression would try the ways in which many `*` can share a text one by one, and hold up everybody.
        """
        if self.exact:
            return self.text == text
        text, (first, *parts) = text.lower(), self.text.lower().split("*")
        if not parts:
            return text == first
        *middle, last = parts
        place, end = len(first), len(text) - len(last)
        if place > end or not text.startswith(first) or not text.endswith(last):
            return False
        for part in middle:
            found = text.find(part, place, end)
            if found < 0:
                return False
            place = found + len(part)
        return True

    def __str__(self) -> str:
        """Write the pattern as `parse` reads it."""
        bare = self.text != "" and not _NOT_BARE.search(self.text)
        return "=" * self.exact + (self.text if bare else '"' + self.text.replace('"', '""') + '"')


@dataclass(frozen=True, slots=True)
class Patterns:
    """A value fits one of the patterns; an absent value fits none, not even `*`."""

    field: TextField
    patterns: tuple[Pattern, ...]
    negated: bool = False

    def __str__(self) -> str:
        """Write the term as `parse` reads it."""
        return _written(self.negated, self.field.key, map(str, self.patterns))


type Term = Addresses | Ports | Services | Numbers | Words | Patterns


def value_count(term: Term) -> int:
    """Count the values of which any will do."""
    match term:
        case Addresses(_, values) | Ports(_, values) | Numbers(_, values) | Words(_, values) | Patterns(_, values):
            return len(values)
        case Services(values):
            return len(values)


@dataclass(frozen=True, slots=True)
class Search:
    """Terms, all of which must hold; without any, everything is found."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """Write the search as `parse` reads it."""
        return " ".join(map(str, self.terms))


def with_term(search: Search, term: Term) -> Search:
    """Narrow a search by a further term."""
    return search if term in search.terms else Search((*search.terms, term))


def _written(negated: bool, key: str, values: Iterable[str]) -> str:  # noqa: FBT001 - private, and plain from the callers
    return f"{'-' * negated}{key}:{','.join(values)}"


def _network_text(network: IPv4Network | IPv6Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _range_text(numbers: tuple[int, int], largest: int) -> str:
    low, high = numbers
    if low == high:
        return str(low)
    return f">={low}" if high == largest else f"{low}-{high}"
