"""Who a request comes from, as far as the network tells."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import HTTPConnection

_IPV6_PREFIX: Final = 64
"""One subscriber has so many bits of the addresses to choose from at will."""


def sender(request: HTTPConnection, *, behind_a_proxy: bool) -> str:
    """Give the address that a request comes from; of IPv6 the network of 64 bits.

    Args:
        request: The request.
        behind_a_proxy: Whether the peer is a proxy, which adds who its own peer is at the end of `X-Forwarded-For`.
            What stands before that, or comes without a proxy, the sender may have made up.

    """
    peer = _network("" if request.client is None else request.client.host)
    if not behind_a_proxy:
        return peer or ""
    forwarded = request.headers.getlist("x-forwarded-for")
    return (_network(forwarded[-1].rpartition(",")[2].strip()) if forwarded else None) or peer or ""


def _network(text: str) -> str | None:
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((int(address), _IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped
    return str(address)
