"""Made-up searches, for properties that hold of all of them."""

from ipaddress import IPv4Network, IPv6Network

from hypothesis import strategies as st

from gateway.traffic.field import NumberField, Side, TextField, WordField
from gateway.traffic.fields import FIELDS, MAC
from gateway.traffic.networks import NOT_PUBLIC
from gateway.traffic.terms import (
    Addresses,
    Numbers,
    Pattern,
    Patterns,
    Ports,
    Search,
    Services,
    Words,
)


def _several(values):
    return st.lists(values, min_size=1, max_size=3).map(tuple)


def _ranges(largest):
    return _several(st.tuples(st.integers(0, largest), st.integers(0, largest)).map(lambda ends: tuple(sorted(ends))))


def _network(kind, bits):
    def shortened(address, length):
        return kind((address >> (bits - length) << (bits - length), length))

    return st.builds(shortened, st.integers(0, 2**bits - 1), st.integers(0, bits))


def _mapped(network):
    return network.network_address.ipv4_mapped is not None and network.prefixlen >= 96


def _searched(kind):
    return [field for field in FIELDS if isinstance(field, kind) and field.key]


_CARDS = st.text("0123456789ABCDEF", min_size=12, max_size=12).map(Pattern) | st.text(
    "0123456789ABCDEF*", max_size=10
).map(lambda text: Pattern(f"{text}*"))
_TEXTS = st.builds(Pattern, st.text(max_size=20), st.booleans())
_NETWORKS = _network(IPv4Network, 32) | _network(IPv6Network, 128).filter(lambda network: not _mapped(network))
_SIDES = st.sampled_from(Side)
TERMS = st.one_of(
    st.builds(Addresses, _SIDES, _several(_NETWORKS) | st.just(NOT_PUBLIC), st.booleans()),
    st.builds(Ports, _SIDES, _ranges(65_535), st.booleans()),
    st.builds(Services, _several(st.tuples(st.integers(0, 255), st.integers(0, 65_535))), st.booleans()),
    st.sampled_from(_searched(NumberField)).flatmap(
        lambda field: st.builds(Numbers, st.just(field), _ranges(field.largest), st.booleans())
    ),
    st.sampled_from(_searched(WordField)).flatmap(
        lambda field: st.builds(
            Words, st.just(field), _several(st.sampled_from([word.value for word in field.words])), st.booleans()
        )
    ),
    st.sampled_from(_searched(TextField)).flatmap(
        lambda field: st.builds(Patterns, st.just(field), _several(_CARDS if field is MAC else _TEXTS), st.booleans())
    ),
)
SEARCHES = st.lists(TERMS, max_size=5).map(tuple).map(Search)
