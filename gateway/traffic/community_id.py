"""Community ID, version 1: one short name for a flow's five values, the same in both directions and in every tool.

The specification: https://github.com/corelight/community-id-spec
"""

import base64
import hashlib
import struct
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_WITH_PORTS: Final = frozenset({6, 17, 132})
"""TCP, UDP and SCTP."""
_ICMP: Final = frozenset({1, 58})
"""ICMP of both families, where type and code take the ports' place; flow logs have neither."""


def community_id(protocol: int, source: str, source_port: int, destination: str, destination_port: int) -> str | None:
    """Return a flow's Community ID with seed 0; None for ICMP, and for two addresses of different families."""
    ends = sorted([(_packed(source), source_port), (_packed(destination), destination_port)])
    (low, low_port), (high, high_port) = ends
    if protocol in _ICMP or len(low) != len(high):
        return None
    ports = struct.pack("!HH", low_port, high_port) if protocol in _WITH_PORTS else b""
    content = b"\0\0" + low + high + bytes([protocol, 0]) + ports
    digest = hashlib.sha1(content, usedforsecurity=False).digest()  # the specification's choice; it keeps no secret
    return "1:" + base64.b64encode(digest).decode()


@lru_cache(maxsize=65_536)
def _packed(address: str) -> bytes:
    return ip_address(address).packed
