"""The request log: one JSON line per request, without tokens, bodies, query strings or addresses."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.clock import Clock, iso

type Sink = Callable[[dict[str, Any]], None]
"""Takes an entry of the request log."""


class RequestLog:
    """ASGI middleware that passes an entry about every finished request to a sink.

    An entry has `time` (when the request ended), `method`, `route` (the path's template, null where there is none),
    `status` (null for a request that got no answer), `ms` and `bytes` (of the body, as far as it was read); where
    known, also `customer` (a number), `records` (accepted), `rejected` (lines), `duplicate` and `fault`.

    Refused requests, and those of strangers, cannot fill the disk: there are at most twenty entries per minute for each
    customer, route and status. The next one has `repeated`, which is how many were left out.
    """

    def __init__(self, app: ASGIApp, sink: Sink, clock: Clock) -> None:
        self._app = app
        self._sink = sink
        self._clock = clock
        self._repeats = _Repeats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application and pass an entry to the sink."""
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
            now = self._clock()
            entry = {
                "time": iso(now),
                "method": scope["method"],
                "route": scope["route"].path if "route" in scope else None,
                "status": status and int(status),
                "ms": round((time.monotonic() - began) * 1000, 1),
                "bytes": size,
            }
            state = scope.get("state", {})
            entry |= {name: state[name] for name in _KNOWN if name in state}
            told = self._repeats.told(entry, now)
            if told is not None:
                self._sink(told)


_KNOWN: Final = ("customer", "records", "rejected", "duplicate", "fault")
"""What endpoints put into `request.state` for the log."""
_REFUSED: Final = 400
_A_MINUTE: Final = 20


@dataclass(slots=True)
class _Repeat:
    """Entries of one kind.

    Attributes:
        since: The start of the minute that they are counted in. logged: How many were logged in it. left_out: How many
            have been left out since the last one logged.
    """

    since: datetime
    told: int = 0
    left_out: int = 0


class _Repeats:
    """Leaves out entries that repeat."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[object, object, object], _Repeat] = {}

    def told(self, entry: dict[str, Any], now: datetime) -> dict[str, Any] | None:
        """Return an entry as it is to be logged; None if it is left out."""
        status, customer = entry["status"], entry.get("customer")
        if "fault" in entry or (customer is not None and status is not None and status < _REFUSED):
            return entry
        repeat = self._kinds.setdefault((customer, entry["route"], status), _Repeat(now))
        if not timedelta(0) <= now - repeat.since < timedelta(minutes=1):
            repeat.since, repeat.told = now, 0
        if repeat.told >= _A_MINUTE:
            repeat.left_out += 1
            return None
        repeat.told += 1
        left_out, repeat.left_out = repeat.left_out, 0
        return entry | {"repeated": left_out} if left_out else entry
