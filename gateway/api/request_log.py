"""The request log: one JSON line a request, without tokens, bodies, query strings or addresses."""

import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.clock import Clock, iso

type Sink = Callable[[dict[str, Any]], None]
"""Takes an entry of the request log."""


class RequestLog:
    """ASGI middleware that tells a sink about every request once it is over.

    An entry has `time` (when the request ended), `method`, `route` (the path's template, null where there is none),
    `status` (null for a request that got no answer), `ms` and `bytes` (of the body, as far as it was read); where
    known, also `customer` (a number), `records` (accepted), `rejected` (lines), `duplicate` and `fault`.
    """

    def __init__(self, app: ASGIApp, sink: Sink, clock: Clock) -> None:
        self._app = app
        self._sink = sink
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application and tell the sink."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None
        size = 0
        began = time.monotonic()

        async def counting_receive() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            return message

        async def watching_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, counting_receive, watching_send)
        except Exception:
            status = 500
            raise
        finally:
            entry = {
                "time": iso(self._clock()),
                "method": scope["method"],
                "route": scope["route"].path if "route" in scope else None,
                "status": status and int(status),
                "ms": round((time.monotonic() - began) * 1000, 1),
                "bytes": size,
            }
            known = scope.get("state", {})
            self._sink(entry | {name: known[name] for name in _KNOWN if name in known})


_KNOWN = ("customer", "records", "rejected", "duplicate", "fault")
"""What endpoints leave in `request.state` for the log."""
