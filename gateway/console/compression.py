"""Compression of answers.

Pages requested with GET are compressed: they reflect parts of the address, but the only secret on them, the CSRF token
of their forms, is written differently each time (`gateway.console.csrf`). Answers to forms, such as the page that shows
a new token, downloads and the HTTP API are never compressed.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware, IdentityResponder
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_LEAST: Final = 500
"""The size in bytes of the smallest answer that is worth compressing."""
_LEVEL: Final = 5
"""Measured on the home page (131 kB): 0.6 ms and 14.0 kB, where level 9 takes 2.0 ms for 13.2 kB."""


def page(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return the route of a page requested with GET, which is compressed."""
    return Route(path, endpoint, methods=["GET"], middleware=[Middleware(Compression)])


def takes_gzip(headers: Headers) -> bool:
    """Return whether a request's headers accept gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, str] = {}
    for each in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight.rstrip("0") not in {"q=", "q=0."}


class Compression:
    """ASGI layer that compresses answers for clients that accept gzip, and adds `Vary` for caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, _LEAST, _LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application."""
        # Starlette's own check of the header treats `gzip;q=0` as a yes.
        as_it_is = IdentityResponder(self._app, _LEAST)
        await (self._gzip if takes_gzip(Headers(scope=scope)) else as_it_is)(scope, receive, send)
