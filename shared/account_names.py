"""Which storage account an address leads to: one name, whatever the route and the spelling.

The name is part of idempotency keys and of where checkpoints and watermarks are kept, so a second name for one account
would have its records delivered a second time. Azure's names are lower-case letters and digits; whatever an address
adds to one names a route to the account, never another account.
"""

import ipaddress
import re
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

_NAME: Final = "[a-z0-9]{3,24}"
_ACCOUNT: Final = re.compile(_NAME)
_HTTPS: Final = 443


class Service(Enum):
    """A service of a storage account; the value is what its addresses have."""

    BLOBS = "blob"
    TABLES = "table"


_OF_AZURE: Final = {
    service: re.compile(
        # Storage's secondary, IPv6, dual-stack and routing endpoints ("Azure storage account endpoints").
        rf"({_NAME})(?:-(?:secondary|ipv6|dualstack|microsoftrouting|internetrouting))*"
        # Private link, and DNS zone endpoints; `core.` has a suffix in each cloud, and Azurite has `localhost`.
        rf"(?:\.privatelink|\.z[0-9]{{1,2}})*\.{service.value}(?:\.privatelink|\.z[0-9]{{1,2}})*"
        r"\.(?:core\..+|storage\..+|localhost)"
    )
    for service in Service
}
_IN_PATH: Final = re.compile(rf"/({_NAME})(?:-secondary)?/?")


def spelled(name: str) -> str | None:
    """Return a storage account's name as Azure spells it; None for what is not a valid name."""
    name = name.lower() if name.isascii() else ""
    return name if _ACCOUNT.fullmatch(name) else None


def account_in(address: str, service: Service = Service.BLOBS) -> str | None:
    """Return the account that the address of a service names; None where it names none, like a custom domain.

    An address without a domain, as the emulator has it, names the account in its path.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").removesuffix(".")
    if not address.isascii():
        return None
    found = _IN_PATH.fullmatch(parts.path.lower()) if _has_no_domain(host) else _OF_AZURE[service].fullmatch(host)
    return found[1] if found else None


def tables_beside(address: str) -> str:
    """Return the address of the tables of the account that a blob endpoint's address names; "" where nothing tells it.

    The endpoints that Azure gives out differ in one label. Of a custom domain nothing tells where its account's tables
    are, nor of a port.
    """
    parts = urlsplit(address)
    if account_in(address) is None or _has_no_domain(parts.hostname or "") or parts.port not in {None, _HTTPS}:
        return ""
    return re.sub(r"\.blob\.", ".table.", address, count=1, flags=re.IGNORECASE)


def _has_no_domain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True
