"""Conversations: what logs and agents say about the same traffic, combined.

A flow is seen by the NIC at either end, which knows the rule, and by the agents at both ends, which know the
processes. All of them agree in both addresses, the protocol, the server's port and the minute: that is what joins
them. The initiator's port does not, since agents sum up all connections of a minute; where it is known, it tells how
many flows there were. An agent that can't tell who began keeps both ports: its record joins the flow that has the same
ones, whichever way round, which is to say the same Community ID.
"""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final, Self

from gateway.traffic.field import Side
from gateway.traffic.fields import PROTOCOL
from gateway.traffic.terms import Addresses, Numbers, Ports, Services, Term

MINUTE_MS: Final = 60_000
_DIGITS: Final = 39


@dataclass(frozen=True, slots=True)
class End:
    """One end of a conversation, as far as an agent there saw it.

    Attributes:
        hosts: The machines that saw it, in order.
        processes: The processes there, in order; none if the agents could not tell.
    """

    hosts: tuple[str, ...]
    processes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Records of one minute that agree in addresses, protocol and server's port.

    Attributes:
        minute: When the minute begins, in epoch milliseconds.
        source: The initiator's address.
        destination: The server's address.
        protocol: The protocol's number.
        port: The server's port.
        terms: What to narrow the search by to have these records within the minute, and no others; where a record has
            the ends the other way round, those that have the server's port at the other end as well.
        logged: How many of the records come from logs.
        observed: How many of them come from agents.
        flows: How many flows the logs tell apart.
        decisions: What the logs say that the rules did.
        rules: The rules that did it.
        client: The initiator's end.
        server: The server's end.
        bytes: In both directions, on the basis of `basis_of`.
    """

    minute: int
    source: str
    destination: str
    protocol: int
    port: int
    terms: tuple[Term, ...]
    logged: int
    observed: int
    flows: int
    decisions: tuple[str, ...]
    rules: tuple[str, ...]
    client: End
    server: End
    bytes: int

    @property
    def is_seen_by_both(self) -> bool:
        """Whether logs and agents both have a part in it."""
        return self.logged > 0 and self.observed > 0


@dataclass(frozen=True, slots=True)
class After:
    """The conversation that a page follows.

    Attributes:
        minute: The number of its minute since the epoch.
        key: Its addresses as numbers, its protocol and its port.
    """

    minute: int
    key: tuple[int, int, int, int]

    def __str__(self) -> str:
        """Write the place as `parse` reads it."""
        return ".".join(map(str, (self.minute, *self.key)))

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a place.

        Raises:
            ValueError: It is not one.
        """
        parts = written.split(".")
        if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in parts):
            raise ValueError(written)
        minute, *key = map(int, parts)
        source, destination, protocol, port = key
        if minute >= 2**40 or max(source, destination) >= 2**128 or protocol > 255 or port > 65_535:  # noqa: PLR2004 - their sizes
            raise ValueError(written)
        return cls(minute, (source, destination, protocol, port))


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some conversations.

    Attributes:
        conversations: Of the newest minute first.
        after: The last of them, if there are more.
    """

    conversations: tuple[Conversation, ...]
    after: After | None


def terms_of(source: str, destination: str, protocol: int, port: int, *, is_turned: bool) -> tuple[Term, ...]:
    """Return what narrows a search to the records of a conversation within its minute.

    Args:
        source: The initiator's address.
        destination: The server's address.
        protocol: The protocol's number.
        port: The server's port.
        is_turned: Whether some of the records have the ends the other way round.
    """
    ends = ip_network(source), ip_network(destination)
    if is_turned:
        return (
            *(Addresses(Side.EITHER, (end,)) for end in ends),
            Numbers(PROTOCOL, ((protocol, protocol),)),
            Ports(Side.EITHER, ((port, port),)),
        )
    sides = zip((Side.SOURCE, Side.DESTINATION), ends, strict=True)
    return (*(Addresses(side, (end,)) for side, end in sides), Services(((protocol, port),)))
