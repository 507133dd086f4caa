"""The identity of this machine, as the edge sees it."""

from __future__ import annotations

import platform
import socket
import uuid
from pathlib import Path
from typing import Final, NamedTuple

from agent import __version__
from agent.errors import SettingError
from agent.files import make_directory, write_whole
from agent.flows.addresses import canonical, is_loopback
from agent.text import printable

_ID: Final = "agent-id"
_ADDRESSES_MAX: Final = 64
_LINK_LOCAL: Final = "fe80:"
_TEXT_MAX: Final = 200
_HOST_MAX: Final = 255


class Identity(NamedTuple):
    """What the headers of every request contain.

    Attributes:
        agent_id: A UUID, created once, and kept in the state directory.
        host: The machine's name.
        system: The operating system.
        addresses: The machine's addresses, without loopback and those that mean nothing elsewhere.
    """

    agent_id: str
    host: str
    system: str
    addresses: tuple[str, ...]

    def headers(self) -> dict[str, str]:
        """Return the headers, in characters that are sent as one byte each; the host name is in UTF-8."""
        return {
            "Agent-Id": self.agent_id,
            # The records have this name too, and the edge compares them: it must arrive as it is.
            "Agent-Host": self.host.encode().decode("latin-1"),
            "Agent-System": _header(self.system),
            "Agent-Version": __version__,
            "Agent-Addresses": ",".join(self.addresses),
        }


def identify(state: Path) -> Identity:
    """Return this machine's identity.

    Raises:
        SettingError: The state directory can't be used.
    """
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Identity(_agent_id(state), host_name(), system, _addresses())


def host_name() -> str:
    """Return the machine's name."""
    return printable(socket.gethostname(), _HOST_MAX).strip() or "unknown"


def _agent_id(state: Path) -> str:
    file = state / _ID
    try:
        make_directory(state)
        try:
            text = file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            text = str(uuid.uuid4())
            write_whole(file, f"{text}\n".encode())
        return str(uuid.UUID(text))
    except OSError as error:
        message = f"The state directory {state} can't be used: {error.strerror}."
        raise SettingError(message) from error
    except ValueError as error:
        message = f"The file {file} does not contain an agent id: remove it, and the machine gets a new one."
        raise SettingError(message) from error


def own_addresses() -> frozenset[str]:
    """Return the addresses of all NICs; none if they can't be read immediately."""
    try:
        return frozenset(filter(None, map(canonical, _addresses_of_cards())))
    except (ImportError, OSError):
        return frozenset()


def _addresses() -> tuple[str, ...]:
    found = {canonical(text) for text in _written_addresses()}
    usual = sorted(each for each in found if each and not is_loopback(each) and not each.startswith(_LINK_LOCAL))
    return tuple(usual[:_ADDRESSES_MAX])


def _written_addresses() -> list[str]:
    try:
        return _addresses_of_cards()
    except ImportError:
        return _addresses_of_name()


def _addresses_of_cards() -> list[str]:
    import psutil  # noqa: PLC0415 -- may be missing where the table is read from netstat

    nics = psutil.net_if_addrs().values()
    return [each.address for nic in nics for each in nic if each.family in (socket.AF_INET, socket.AF_INET6)]


def _addresses_of_name() -> list[str]:
    try:
        return [str(each[4][0]) for each in socket.getaddrinfo(host_name(), None)]
    except OSError:
        return []


def _header(text: str) -> str:
    """Return a text with only what a header can contain."""
    return printable(text.encode("ascii", "replace").decode(), _TEXT_MAX)
