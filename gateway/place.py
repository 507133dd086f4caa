"""Where the gateway is, as it tells others."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Place:
    """What an application knows of where it runs.

    Attributes:
        url: The address that others reach it at, without a slash at the end.
        encrypted: Whether everybody reaches it over TLS, its own or a proxy's.
        package: The function app's package, as `make package` builds it; it may be missing.

    """

    url: str
    encrypted: bool = False
    package: Path = CHECKOUT / "dist" / "function.zip"
