"""Rate limit for unauthenticated requests: an address has a number per second, and waits for more."""

from datetime import timedelta
from typing import Final

import anyio
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.clock import Clock
from gateway.rate_limit import RateLimit
from gateway.sender import sender

AT_ONCE: Final = 100
"""Enough for a dozen people who open the sign-in page at the same time, with its scripts and styles; more wait a
moment.
"""
PAUSE: Final = timedelta(milliseconds=50)
LONGEST: Final = timedelta(seconds=10)
"""More than can wait on the open connections of one address; the others have disconnected, and hold up nobody."""
_TOO_MANY: Final = PlainTextResponse(
    "Too many requests come from this address. Try again later.", 429, {"Retry-After": "10", "Connection": "close"}
)


class Strangers:
    """ASGI layer around everything else. Requests with a valid token or session do not count."""

    def __init__(
        self, app: ASGIApp, clock: Clock, *, behind_a_proxy: bool, at_once: int = AT_ONCE, pause: timedelta = PAUSE
    ) -> None:
        """Put the layer around an application.

        Args:
            app: The application.
            clock: The time.
            behind_a_proxy: Whether requests come through a proxy, which names their senders.
            at_once: Requests from an address that may follow each other without a pause.
            pause: How long it takes until one more is answered.
        """
        self._app = app
        self._clock = clock
        self._behind_a_proxy = behind_a_proxy
        self._limit = RateLimit(at_once, pause)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application once it is the address's turn."""
        is_proven = scope.get("state", {}).get("is_proven")
        if scope["type"] != "http" or (is_proven is not None and is_proven()):
            await self._app(scope, receive, send)
            return
        address = sender(HTTPConnection(scope), behind_a_proxy=self._behind_a_proxy)
        # Each has its own turn: hundreds that all woke up for the next one would delay everybody.
        wait = self._limit.reserve(address, self._clock(), LONGEST)
        if wait is None:
            await _TOO_MANY(scope, receive, send)
            return
        await anyio.sleep(wait.total_seconds())
        try:
            await self._app(scope, receive, send)
        finally:
            if "customer" in scope.get("state", {}):
                self._limit.give_back(address, self._clock())
