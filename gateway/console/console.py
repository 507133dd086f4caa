"""What the pages of the console work with."""

from dataclasses import dataclass

from gateway.clock import Clock
from gateway.console.pages import Pages
from gateway.limits import Limits
from gateway.site import Site
from gateway.stores.stores import Stores


@dataclass(frozen=True, slots=True)
class Console:
    """What the pages of the console work with.

    Attributes:
        pages: Renders templates.
        stores: All that the gateway keeps.
        site: Where the gateway is reached.
        limits: How much a request may bring, and how long a query may take.
        clock: The time.

    """

    pages: Pages
    stores: Stores
    site: Site
    limits: Limits
    clock: Clock
