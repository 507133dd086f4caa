"""Which storage account an address leads to: one name, whatever the route and the spelling.

The name is part of idempotency keys and of where checkpoints and watermarks are kept, so a second name for one account
would have its records delivered a second time. Azure's names are lower-case letters and digits; whatever an address
adds to one names a route to the account, never another account.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

_NAME: Final = "[a-z0-9]{3,24}"
_ACCOUNT: Final = re.compile(_NAME)
_OF_AZURE: Final = re.compile(
    # Storage's secondary, IPv6, dual-stack and routing endpoints ("Azure storage account endpoints").
    rf"({_NAME})(?:-(?:secondary|ipv6|dualstack|microsoftrouting|internetrouting))*"
    # Private link, and DNS zone endpoints; `core.` has a suffix in each cloud, and Azurite has `localhost`.
    r"(?:\.privatelink|\.z[0-9]{1,2})*\.blob(?:\.privatelink|\.z[0-9]{1,2})*\.(?:core\..+|storage\..+|localhost)"
)
_IN_PATH: Final = re.compile(rf"/({_NAME})(?:-secondary)?/?")


def spelled(name: str) -> str | None:
    """Return a storage account's name as Azure spells it; None for what is not a valid name."""
    name = name.lower() if name.isascii() else ""
    return name if _ACCOUNT.fullmatch(name) else None


def account_in(address: str) -> str | None:
    """Return the account that a blob endpoint's address names; None where it names none, like a custom domain.

    An address without a domain, as the emulator has it, names the account in its path.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").removesuffix(".")
    if not address.isascii():
        return None
    found = _IN_PATH.fullmatch(parts.path.lower()) if _has_no_domain(host) else _OF_AZURE.fullmatch(host)
    return found[1] if found else None


def _has_no_domain(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True
