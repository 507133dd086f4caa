"""Where the gateway is, as others see it."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

CHECKOUT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = CHECKOUT / "dist" / "function.zip"
"""Where `make package` puts the function app's package."""
_ACCEPTED: Final = re.compile(r"https://(?!0\.0\.0\.0|\[)|http://(?:localhost|127\.0\.0\.1)(?::|$)")
"""What the Terraform module accepts as the gateway's address: TLS, or the same machine."""


class Reach(Enum):
    """From where an address of the gateway can be reached, as far as the address itself shows."""

    NOWHERE = auto()
    """The Terraform module does not accept it."""
    THIS_MACHINE = auto()
    """It is a loopback address."""
    PRIVATE_NETWORK = auto()
    """It belongs to a private network, or to a network's own names."""
    ANYWHERE = auto()
    """Nothing shows otherwise."""


@dataclass(frozen=True, slots=True)
class Site:
    """What an application knows about where it runs.

    Attributes:
        url: The address that others reach it at, without a slash at the end.
        encrypted: Whether everybody reaches it over TLS, its own or a proxy's.
        behind_a_proxy: Whether all requests come through a proxy, which names their senders in `X-Forwarded-For`.
        package: The function app's package, as `make package` builds it; it may be missing.
    """

    url: str
    encrypted: bool = False
    behind_a_proxy: bool = False
    package: Path = PACKAGE

    @property
    def reach(self) -> Reach:
        """From where the address can be reached."""
        if not _ACCEPTED.match(self.url):
            return Reach.NOWHERE
        host = (urlsplit(self.url).hostname or "").removesuffix(".")
        try:
            address = ip_address(host)
        except ValueError:
            return _reach_of_name(host)
        if address.is_loopback:
            return Reach.THIS_MACHINE
        return Reach.ANYWHERE if address.is_global else Reach.PRIVATE_NETWORK


def _reach_of_name(host: str) -> Reach:
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.THIS_MACHINE
    # Names that are reserved for networks without public DNS (RFC 6762, ICANN's `.internal`), and those without a dot.
    private = "." not in host or host.endswith((".local", ".internal", ".home.arpa"))
    return Reach.PRIVATE_NETWORK if private else Reach.ANYWHERE
