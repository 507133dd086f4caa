"""Names of IP protocols, as people write them."""

from typing import Final

PROTOCOLS: Final = {
    "icmp": 1,
    "igmp": 2,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "sctp": 132,
}
"""IANA's numbers by the names that a search takes and a page shows."""
_NAMES: Final = {number: name for name, number in PROTOCOLS.items()}


def protocol_name(number: int) -> str:
    """Return a protocol's name, or its number as text where it has none here."""
    return _NAMES.get(number, str(number))
