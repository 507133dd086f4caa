"""Addresses as 128-bit numbers, so that every network is one range and comparisons need no text."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_MAPPED: Final = 0xFFFF_0000_0000
"""`::ffff:0:0`, the 96 bits before an IPv4 address that is written as IPv6 (RFC 4291, 2.5.5.2)."""

IPV4_NUMBERS: Final = (_MAPPED, _MAPPED | 0xFFFF_FFFF)
"""The first and the last number of an IPv4 address."""


@lru_cache(maxsize=65_536)
def number(address: str) -> int:
    """Return an address as a number, IPv4 as `::ffff:a.b.c.d`."""
    parsed = ip_address(address)
    return int(parsed) | _MAPPED if isinstance(parsed, IPv4Address) else int(parsed)


@lru_cache(maxsize=65_536)
def text(number: int) -> str:
    """Return the canonical text of a number's address; as IPv4 if it is an IPv4 address."""
    if is_ipv4(number):
        return str(IPv4Address(number & 0xFFFF_FFFF))
    return str(IPv6Address(number))


def is_ipv4(number: int) -> bool:
    """Return whether a number is that of an IPv4 address, however it was written."""
    return number >> 32 == _MAPPED >> 32


def mapped_text(number: int) -> str:
    """Return the canonical text of a number's address as IPv6, IPv4 addresses included."""
    return str(IPv6Address(number))


def is_mapped(address: str) -> bool:
    """Return whether a canonical text is an IPv4 address written as IPv6, which its number does not show."""
    return "." in address and ":" in address and is_ipv4(number(address))
