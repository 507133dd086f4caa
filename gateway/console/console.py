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
        stores: Everything that the gateway stores.
        site: Where the gateway is reached.
        limits: The limits for a request and for the time of a query.
        clock: The time.
    """

    pages: Pages
    stores: Stores
    site: Site
    limits: Limits
    clock: Clock
