"""HTTP as the gateway speaks it to strangers: headers must come in time, and whoever shows who it is is noted."""

import asyncio
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.connections import Connections

HEADER_SECONDS: Final = 10
"""How long a request's line and headers may take, from the connection or from their first byte."""


class Guarded(H11Protocol):
    """Ends a connection whose request does not come in time, which uvicorn does not.

    Attributes:
        guard: The connections of its listener.

    """

    guard: ClassVar[Connections]
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.app_state = {
            **self.app_state,
            "prove": lambda: self.guard.prove(peer),
            "is_proven": lambda: self.guard.is_proven(peer),
        }
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Take what was sent, and see whether a request is still incomplete after it."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self.conn.trailing_data[0]:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
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
    """Return a protocol of a listener's own, which also does what another one does."""
    return type("_Guarded", (Guarded, protocol), {"guard": connections})
