"""Requests that state their length in two ways, so that a proxy in front of the gateway may see a different end."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.errors import error_response

_BOTH = {b"content-length", b"transfer-encoding"}


class OneEnd:
    """ASGI layer that refuses such a request, and accepts nothing more on its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, unless the request has both headers."""
        if scope["type"] == "http" and {name for name, _ in scope["headers"]} >= _BOTH:
            refusal = error_response(
                HTTPStatus.BAD_REQUEST,
                "two_lengths",
                "Send Content-Length or Transfer-Encoding, not both.",
                {"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
