"""Who a request comes from, as far as the network shows."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import HTTPConnection

_IPV6_PREFIX: Final = 64
"""One subscriber can choose this many bits of its addresses at will."""


def sender(request: HTTPConnection, *, behind_a_proxy: bool) -> str:
    """Return the address that a request comes from; for IPv6, the /64 network.

    Args:
        request: The request.
        behind_a_proxy: Whether the peer is a proxy, which appends its own peer to `X-Forwarded-For`. The sender may
            have made up everything before that, or all of it without a proxy.
    """
    peer = network_of("" if request.client is None else request.client.host)
    if not behind_a_proxy:
        return peer or ""
    forwarded = request.headers.getlist("x-forwarded-for")
    return (network_of(forwarded[-1].rpartition(",")[2].strip()) if forwarded else None) or peer or ""


def record_customer(request: HTTPConnection, customer: int) -> None:
    """Record the customer of a request with a valid token or session, for the request log and for its connection, which
    then counts as authenticated.
    """
    request.state.customer = customer
    prove = getattr(request.state, "prove", None)
    if prove is not None:  # as of a connection over the network
        prove()


def network_of(text: str) -> str | None:
    """Return the part of an address that identifies its sender: for IPv6, the /64 network. None if it is not an
    address.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((int(address), _IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped
    return str(address)
