"""Addresses in the form of the records: canonical, without a zone, and as IPv4 wherever IPv4 is used."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

_LONGEST: Final = 128
WILDCARD: Final = ("0.0.0.0", "::")  # noqa: S104 -- compared with, never bound
"""The addresses of sockets that accept connections at every address."""


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str | None:
    """Return an address in the canonical text of RFC 5952, or None if it is not one.

    A zone id names a NIC of this machine and means nothing elsewhere. A socket open to both families shows an IPv4
    peer as `::ffff:192.0.2.1`, while the peer and the network see IPv4.
    """
    if len(text) > _LONGEST:
        return None
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@lru_cache(maxsize=65_536)
def is_loopback(text: str) -> bool:
    """Return whether a canonical address is the machine's own loopback."""
    return ip_address(text).is_loopback


@lru_cache(maxsize=65_536)
def is_ipv4(text: str) -> bool:
    """Return whether a canonical address is IPv4."""
    return ":" not in text
