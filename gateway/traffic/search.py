"""The language of the search box: `key:value` terms, all of which must hold.

    src:10.0.0.6 dport:22,3389 decision:deny -net:10.0.0.0/8 rule:"DefaultRule_*" bytes:>=1000000 203.0.113.7

Commas separate alternative values. Quotes hold values with spaces or commas; a quote inside them is written
twice. `-` before a term negates it. Without a key stands an address, a network or a port, of either side. `private` is
every network that is not the internet's. `=` before a
pattern takes it character for character: `rule:="DenyAll*"`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from gateway.traffic.field import (
    AddressField,
    Field,
    NumberField,
    PortField,
    ServiceField,
    Side,
    TextField,
    WordField,
)
from gateway.traffic.fields import FIELDS, MAC
from gateway.traffic.networks import NOT_PUBLIC, PRIVATE
from gateway.traffic.protocols import PROTOCOLS
from gateway.traffic.terms import (
    Addresses,
    Numbers,
    Pattern,
    Patterns,
    Ports,
    Search,
    Services,
    Term,
    Words,
    value_count,
)
from shared.flowlog.record import PORT_MAX, PROTOCOL_MAX

TERMS_MAX: Final = 40
"""The most terms of a search, each of which may ask a table of its own."""
VALUES_MAX: Final = 200
"""The most values of a search, all its terms together."""
_SPACE: Final = re.compile(r"\s*")
_KEY: Final = re.compile(r"([A-Za-z_]+):")
_QUOTED: Final = re.compile(r'(=?)"((?:[^"]|"")*)"')
_BARE: Final = re.compile(r'(=?)([^\s,"]+)')
_OPEN: Final = re.compile(r'=?"')
_GROUP_OF_IPV6: Final = re.compile(r"[0-9a-fA-F]{1,4}")
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_RANGE: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_COMPARED: Final = re.compile(r"(>=|<=|>|<)([0-9]{1,19})")
_MAC: Final = re.compile(r"[0-9A-F]{12}")
_MAC_PATTERN: Final = re.compile(r"(?=.*\*)[0-9A-F*]{1,25}")
_MAPPED: Final = 96
"""The length of the prefix `::ffff:0:0`, below which IPv4 addresses are written inside IPv6."""
_SHOWN: Final = 60


class SearchError(Exception):
    """A search that is not valid; the message says what is wrong, and what to write.

    Attributes:
        start: Where in the text the trouble begins.
        end: Where it ends.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class _Value:
    """A value without its quotes, and where it stands with them; exact if a `=` stood before it."""

    text: str
    exact: bool
    start: int
    end: int

    def wrong(self, message: str) -> SearchError:
        return SearchError(f"{_shown(self.text)} {message}", self.start, self.end)


type _Reader = Callable[[Sequence[_Value], bool], Term]
"""Makes a term of its values, negated or not."""


def parse(text: str) -> Search:
    """Read what stands in a search box.

    Raises:
        SearchError: It cannot be understood.
    """
    terms: list[Term] = []
    count = 0
    position = _after_space(text, 0)
    while position < len(text):
        term, position = _term(text, position)
        terms.append(term)
        if len(terms) > TERMS_MAX:
            message = f"A search has at most {TERMS_MAX} terms. Join values with commas: port:22,3389."
            raise SearchError(message, 0, len(text))
        count += value_count(term)
        if count > VALUES_MAX:
            raise SearchError(f"A search has at most {VALUES_MAX} values. Remove some.", 0, len(text))
        position = _after_space(text, position)
    return Search(tuple(terms))


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None  # noqa: S101 - it matches nothing as well
    return match.end()


def _term(text: str, start: int) -> tuple[Term, int]:
    """Read the term that begins at a place; return it, and where it ends."""
    negated = text[start] == "-"
    position = start + negated
    read: _Reader = _free
    if key := _KEY.match(text, position):
        name = key[1].lower()
        if name in _READERS:
            read, position = _READERS[name], key.end()
        elif not _GROUP_OF_IPV6.fullmatch(name):
            raise SearchError(_unknown_key(name), key.start(), key.end())
    values, end = _values(text, position)
    return read(values, negated), end


def _values(text: str, position: int) -> tuple[list[_Value], int]:
    """Read values separated by commas, up to white space or the end; return them, and where they end."""
    values = [_value(text, position)]
    while text.startswith(",", values[-1].end):
        values.append(_value(text, values[-1].end + 1))
    end = values[-1].end
    if end < len(text) and not text[end].isspace():
        raise SearchError("Put quotes around a whole value, and double any quote inside it.", end, end + 1)
    return values, end


def _value(text: str, start: int) -> _Value:
    if quoted := _QUOTED.match(text, start):
        return _Value(quoted[2].replace('""', '"'), quoted[1] != "", start, quoted.end())
    if _OPEN.match(text, start):
        raise SearchError("This quote is not closed. Write another one where the value ends.", start, len(text))
    if bare := _BARE.match(text, start):
        return _Value(bare[2], bare[1] != "", start, bare.end())
    before = max(start - 1, 0)
    raise SearchError('A value is missing here. An empty one is written "".', before, before + 1)


def _free(values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    """Read values that no key stands before."""
    first = values[0]
    if "." in first.text or ":" in first.text or first.text.lower() == PRIVATE:
        return _addresses(Side.EITHER, values, negated)
    if first.text[:1] in "<>0123456789":
        return _ports(Side.EITHER, values, negated)
    raise first.wrong("is not a valid address, network or port. To search by name, put a key before it, such as rule:")


def _addresses(side: Side, values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    return Addresses(side, tuple(network for value in values for network in _networks(value)), negated)


def _networks(value: _Value) -> tuple[IPv4Network | IPv6Network, ...]:
    return NOT_PUBLIC if value.text.lower() == PRIVATE else (_network(value),)


def _network(value: _Value) -> IPv4Network | IPv6Network:
    try:
        network = None if "%" in value.text else ip_network(value.text, strict=False)
    except ValueError:
        network = None
    if network is None:
        raise value.wrong(
            "is not a valid address or network. Write one like 10.0.0.6, 10.0.0.0/8 or 2001:db8::/32, or private."
        )
    try:
        ip_network(value.text)
    except ValueError:
        raise value.wrong(f"has bits set beyond its mask. Write {network}, or the address without a mask.") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= _MAPPED:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - _MAPPED))
    return network


def _ports(side: Side, values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    return Ports(side, tuple(_range(value, PORT_MAX) for value in values), negated)


def _services(values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    return Services(tuple(map(_service, values)), negated)


def _service(value: _Value) -> tuple[int, int]:
    """Read a protocol and a port."""
    name, slash, port = value.text.lower().partition("/")
    protocol = PROTOCOLS.get(name, int(name) if _NUMBER.fullmatch(name) else PROTOCOL_MAX + 1)
    if not slash or not _NUMBER.fullmatch(port) or protocol > PROTOCOL_MAX or int(port) > PORT_MAX:
        raise value.wrong("is not a valid service. Write a protocol and a port, such as tcp/443.")
    return protocol, int(port)


def _numbers(field: NumberField, values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    return Numbers(field, tuple(_range(value, field.largest, field.names) for value in values), negated)


def _range(value: _Value, largest: int, names: Mapping[str, int] | None = None) -> tuple[int, int]:
    """Read a number, a name for one, a range, or an open range such as `>=1024`."""
    text = value.text
    if names and (named := names.get(text.lower())) is not None:
        low = high = named
    elif _NUMBER.fullmatch(text):
        low = high = int(text)
    elif between := _RANGE.fullmatch(text):
        low, high = int(between[1]), int(between[2])
    elif compared := _COMPARED.fullmatch(text):
        low, high = _open_range(compared[1], int(compared[2]), largest)
    else:
        examples = f"a name such as {', '.join(list(names)[:3])}, or " if names else ""
        raise value.wrong(
            f"is not a valid number. Write {examples}a number up to {largest}, a range such as 20-25, or >=20."
        )
    if not low <= high <= largest:
        raise value.wrong(f"must be from 0 to {largest}, the smaller number first.")
    return low, high


def _open_range(sign: str, number: int, largest: int) -> tuple[int, int]:
    return {
        ">=": (number, largest),
        ">": (number + 1, largest),
        "<=": (0, number),
        "<": (0, number - 1),
    }[sign]


def _words(field: WordField, values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    words = [word.value for word in field.words]
    for value in values:
        if value.text.lower() not in words:
            raise value.wrong(f"is not a value of {field.key}:. Write one of {', '.join(words)}.")
    return Words(field, tuple(value.text.lower() for value in values), negated)


def _patterns(field: TextField, values: Sequence[_Value], negated: bool) -> Term:  # noqa: FBT001 - as every reader
    pattern = _mac if field is MAC else lambda value: Pattern(value.text, value.exact)
    return Patterns(field, tuple(map(pattern, values)), negated)


def _mac(value: _Value) -> Pattern:
    """Read a MAC address in any of the usual notations, or a part of it with `*`."""
    text = re.sub("[-:.]", "", value.text).upper()
    if not _MAC.fullmatch(text) and (value.exact or not _MAC_PATTERN.fullmatch(text)):
        raise value.wrong("is not a valid MAC address. Write 12 hexadecimal digits, or fewer and a *: 00:0D:3A:*")
    return Pattern(text, value.exact)


def _reader(field: Field) -> _Reader:
    match field:
        case AddressField():
            return partial(_addresses, field.side)
        case PortField():
            return partial(_ports, field.side)
        case ServiceField():
            return _services
        case NumberField():
            return partial(_numbers, field)
        case WordField():
            return partial(_words, field)
        case TextField():
            return partial(_patterns, field)
    raise TypeError(f"No search is by {field.name}.")


_READERS: Final[Mapping[str, _Reader]] = {
    key: _reader(field) for field in FIELDS if field.key for key in (field.key, *field.aliases)
}
KEYS: Final = tuple(_READERS)
"""Every key that a search may write."""
_SYNONYMS: Final = {synonym: field.key for field in FIELDS for synonym in field.synonyms}


def _unknown_key(name: str) -> str:
    near = get_close_matches(name, (*KEYS, *_SYNONYMS), 1)
    meant = f"Did you mean {_SYNONYMS.get(near[0], near[0])}? " if near else ""
    return f"{_shown(name)} is not a search key. {meant}The keys are {', '.join(KEYS)}."


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
