"""HTTP for unauthenticated clients: headers must arrive in time, and authenticated peers are recorded."""

import asyncio
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.connections import Connections

HEADER_SECONDS: Final = 10
"""How long a request's line and headers may take, from the connection or from their first byte."""


class Guarded(H11Protocol):
    """Ends a connection whose request does not arrive in time, which uvicorn does not do.

    Attributes:
        guard: The connections of its listener.
    """

    guard: ClassVar[Connections]
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for a request."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.app_state = {
            **self.app_state,
            "prove": lambda: self.guard.prove(peer),
            "is_proven": lambda: self.guard.is_proven(peer),
        }
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Receive data, and check whether a request is still incomplete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self.conn.trailing_data[0]:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def guarded(protocol: type[H11Protocol], connections: Connections) -> type[H11Protocol]:
    """Return a listener's protocol class, which extends another one."""
    return type("_Guarded", (Guarded, protocol), {"guard": connections})
