"""Who a request comes from, as far as the network tells."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import HTTPConnection

_IPV6_PREFIX: Final = 64
"""One subscriber has so many bits of the addresses to choose from at will."""


def sender(request: HTTPConnection, *, behind_a_proxy: bool) -> str:
    """Return the address that a request comes from; for IPv6, the /64 network.

    Args:
        request: The request.
        behind_a_proxy: Whether the peer is a proxy, which adds who its own peer is at the end of `X-Forwarded-For`.
            What stands before that, or comes without a proxy, the sender may have made up.

    """
    peer = network_of("" if request.client is None else request.client.host)
    if not behind_a_proxy:
        return peer or ""
    forwarded = request.headers.getlist("x-forwarded-for")
    return (network_of(forwarded[-1].rpartition(",")[2].strip()) if forwarded else None) or peer or ""


def know(request: HTTPConnection, customer: int) -> None:
    """Note who a request comes from, once it has shown a valid token or session: for the request log, and for its
    connection, which is then no stranger's any more.
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
