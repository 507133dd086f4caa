"""Where the gateway is, as others see it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = CHECKOUT / "dist" / "function.zip"
"""Where `make package` puts the function app's package."""
_REACHABLE: Final = re.compile(r"https://(?!0\.0\.0\.0|\[)|http://(?:localhost|127\.0\.0\.1)(?::|$)")


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
    def reachable(self) -> bool:
        """Whether the Terraform module accepts the address: with TLS, or on the same machine."""
        return bool(_REACHABLE.match(self.url))
