"""A snapshot of the connection table, however it was read.

Named tuples rather than dataclasses: a busy machine has tens of thousands of sockets, and is read often.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final, NamedTuple


class Protocol(IntEnum):
    """The IANA numbers of the protocols with ports in the table."""

    TCP = 6
    UDP = 17


class State(Enum):
    """A socket's state in the table."""

    LISTEN = "listen"
    SYN_SENT = "syn_sent"
    SYN_RECEIVED = "syn_received"
    ESTABLISHED = "established"
    FIN_WAIT_1 = "fin_wait_1"
    FIN_WAIT_2 = "fin_wait_2"
    CLOSE_WAIT = "close_wait"
    LAST_ACK = "last_ack"
    CLOSING = "closing"
    TIME_WAIT = "time_wait"
    CLOSED = "closed"
    UNCONNECTED = "unconnected"
    """A UDP socket that is bound and accepts datagrams from anybody."""
    CONNECTED = "connected"
    """A UDP socket with one peer."""


class Endpoint(NamedTuple):
    """An address in canonical text, and a port."""

    address: str
    port: int


class Counters(NamedTuple):
    """What the kernel has counted since a connection began.

    Attributes:
        bytes_sent: Payload, including retransmissions.
        bytes_received: payload.
        packets_sent: None where the kernel counts only bytes.
        packets_received: None where the kernel counts only bytes.
    """

    bytes_sent: int
    bytes_received: int
    packets_sent: int | None
    packets_received: int | None


class Key(NamedTuple):
    """What identifies a connection for as long as it lasts."""

    protocol: Protocol
    local: Endpoint
    remote: Endpoint


class Socket(NamedTuple):
    """One line of the table.

    Attributes:
        protocol: TCP or UDP.
        local: Where it is bound.
        remote: Its peer; None for a listening socket.
        state: As in the table.
        process: The name of the process that holds it, never its command line; None where that can't be seen.
        counters: None where the kernel provides none.
        both_families: Whether a socket bound to all of IPv6 accepts IPv4 as well, as on most systems.
    """

    protocol: Protocol
    local: Endpoint
    remote: Endpoint | None
    state: State
    process: str | None = None
    counters: Counters | None = None
    both_families: bool = True


class Snapshot(NamedTuple):
    """The table at one moment.

    Attributes:
        time_ms: When it was read, in epoch milliseconds.
        sockets: Its lines.
        damaged: How many lines could not be parsed.
    """

    time_ms: int
    sockets: tuple[Socket, ...]
    damaged: int = 0


class PortRange(NamedTuple):
    """The ports that the system assigns to initiators of connections, both ends included."""

    first: int
    last: int

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.first <= port <= self.last


DEFAULT_EPHEMERAL: Final = PortRange(49_152, 65_535)
"""The range of RFC 6335, which Windows, macOS and the BSDs use."""
