"""What is left out: the machine's traffic with itself, and the agent's own with the edge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.flows.addresses import is_loopback
from agent.flows.table import Endpoint, Key


class LeftOut(NamedTuple):
    """Connections that are not recorded.

    Attributes:
        loopback: Connections within the machine.
        own: Connections to the edge.
    """

    loopback: frozenset[Key] = frozenset()
    own: frozenset[Key] = frozenset()

    @property
    def keys(self) -> frozenset[Key]:
        """All left-out connections."""
        return self.loopback | self.own

    def and_also(self, other: LeftOut) -> LeftOut:
        """Return the union of both."""
        return LeftOut(self.loopback | other.loopback, self.own | other.own)


def left_out_of(keys: Iterable[Key], edge: frozenset[Endpoint], machine: frozenset[str] = frozenset()) -> LeftOut:
    """Return which connections to leave out.

    Args:
        keys: All connections.
        edge: Where the edge listens; connections to it are the agent's own.
        machine: The machine's addresses: it may talk to itself across its NICs.
    """
    loopback, own = [], []
    for key in keys:
        local, remote = key.local.address, key.remote.address
        if remote == local or remote in machine or is_loopback(local) or is_loopback(remote):
            loopback.append(key)
        elif key.remote in edge:
            own.append(key)
    return LeftOut(frozenset(loopback), frozenset(own))
