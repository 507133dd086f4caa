"""What the tables of all systems have in common: words, numbers, endpoints and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from agent.errors import TableUnreadable
from agent.flows.addresses import canonical
from agent.flows.table import Endpoint, Protocol, Socket, State

_PORT_MAX: Final = 65_535
_PORT_DIGITS: Final = 5
ANY: Final = "*"

STATES: Final[Mapping[str, State | None]] = {
    "LISTEN": State.LISTEN,
    "LISTENING": State.LISTEN,
    "SYN_SENT": State.SYN_SENT,
    "SYN_RECV": State.SYN_RECEIVED,
    "SYN_RCVD": State.SYN_RECEIVED,
    "SYN_RECEIVED": State.SYN_RECEIVED,
    "ESTABLISHED": State.ESTABLISHED,
    "ESTAB": State.ESTABLISHED,
    "FIN_WAIT1": State.FIN_WAIT_1,
    "FIN_WAIT_1": State.FIN_WAIT_1,
    "FIN_WAIT2": State.FIN_WAIT_2,
    "FIN_WAIT_2": State.FIN_WAIT_2,
    "CLOSE_WAIT": State.CLOSE_WAIT,
    "LAST_ACK": State.LAST_ACK,
    "CLOSING": State.CLOSING,
    "TIME_WAIT": State.TIME_WAIT,
    "CLOSE": State.CLOSED,
    "CLOSED": State.CLOSED,
    "DELETE_TCB": State.CLOSED,
    # These have no peer and accept no connections.
    "UNCONN": None,
    "BOUND": None,
    "IDLE": None,
}
"""Each system's names for the states of TCP; None for those that are not needed here."""


class Parsed(NamedTuple):
    """What was parsed from a table.

    Attributes:
        sockets: Its lines, as far as they could be parsed and matter.
        damaged: How many lines could not be parsed.
    """

    sockets: tuple[Socket, ...]
    damaged: int


class Damaged(Exception):  # noqa: N818 -- said of a line
    """A line does not have the expected form."""


def endpoint(text: str, separator: str, wildcard: str) -> Endpoint | None:
    """Return the endpoint in a table, or None if it stands for any peer or for none yet.

    Args:
        text: An address, the separator and a port; either may be `*`.
        separator: What separates them: `:` or `.`.
        wildcard: The address that `*` stands for.

    Raises:
        Damaged: It is not one.
    """
    written, found, port = text.rpartition(separator)
    if "[" in written:
        written = written.replace("[", "").replace("]", "")
    address = wildcard if written == ANY else canonical(written)
    if not found or address is None:
        raise Damaged
    number = 0 if port == ANY else whole(port)
    if number > _PORT_MAX:
        raise Damaged
    return Endpoint(address, number) if number else None


def whole(text: str) -> int:
    """Return a number of a few ASCII digits, such as a port.

    Raises:
        Damaged: It is not one.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _PORT_DIGITS):
        raise Damaged
    return int(text)


def tcp_socket(
    local: Endpoint | None, remote: Endpoint | None, state: str, process: str | None = None, *, both: bool = True
) -> Socket | None:
    """Return a TCP socket, or None if it neither listens nor has a peer.

    Raises:
        Damaged: The state is not a state of TCP.
    """
    try:
        meaning = STATES[state]
    except KeyError:
        raise Damaged from None
    if meaning is None or local is None or (remote is None) is not (meaning is State.LISTEN):
        return None
    return Socket(Protocol.TCP, local, remote, meaning, process, None, both)


def udp_socket(
    local: Endpoint | None, remote: Endpoint | None, process: str | None = None, *, both: bool = True
) -> Socket | None:
    """Return a UDP socket, or None if it is not bound."""
    if local is None:
        return None
    state = State.UNCONNECTED if remote is None else State.CONNECTED
    return Socket(Protocol.UDP, local, remote, state, process, None, both)


def require_heading(text: str, *headings: str) -> None:
    """Make sure that there is a table at all.

    Raises:
        TableUnreadable: None of the headings is there.
    """
    if not any(heading in text for heading in headings):
        message = f"netstat printed no connection table: {' '.join(text.split())!r:.80}"
        raise TableUnreadable(message)
