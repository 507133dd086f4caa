"""Serving the gateway: its listening sockets, in one process."""

import asyncio
import signal
import socket
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.connections import Connections, Listener
from gateway.protocol import guarded

# Python allocates 256 KB for each TLS connection, used or not: a quarter of a gigabyte for a thousand waiting agents. A
# TLS record has at most 16 KB.
SSLProtocol.max_size = 32 * 1024
# Of a handshake, in seconds; asyncio's own is a minute.
asyncio.constants.SSL_HANDSHAKE_TIMEOUT = 10


def listen(host: str, port: int, connections: Connections | None = None) -> socket.socket:
    """Return a listening socket for an address; port 0 takes a free one.

    Args:
        host: The address.
        port: The port.
        connections: Counts connections, and refuses some.

    Raises:
        OSError: The address cannot be used.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # asyncio does so only for its own sockets. Without it, a small answer waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener if connections is None else Listener.of(listener, connections)


class Server(uvicorn.Server):
    """A server that leaves signals to the command line, and reports when it is about to stop."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Capture no signals: uvicorn would raise them again at its end, and end the process with open stores."""
        return nullcontext()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, once every request has been answered."""
        self._ending()
        await super().shutdown(sockets)


def server(
    app: ASGIApp,
    certificate: Path | None = None,
    key: Path | None = None,
    protocol: type[H11Protocol] = H11Protocol,
    ending: Callable[[], None] = lambda: None,
    connections: Connections | None = None,
) -> Server:
    """Return a server for an application, with TLS if there is a certificate.

    Args:
        app: The application.
        certificate: The certificate with its chain, PEM.
        key: Its private key, PEM.
        protocol: Speaks HTTP.
        ending: Called before the server waits for the requests that it has not answered yet.
        connections: The connections of its listener, if it is open to unauthenticated clients.

    Raises:
        OSError: The certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=protocol if connections is None else guarded(protocol, connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,  # idle TLS connections would delay it by 30 s
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    return Server(config, ending)


def run(*servings: tuple[Server, socket.socket]) -> None:
    """Serve on each socket until the servers are told to stop; when one stops, all do."""

    async def serve(one: Server, listener: socket.socket) -> None:
        try:
            await one.serve(sockets=[listener])
        finally:
            for other, _ in servings:
                other.should_exit = True

    async def serve_all() -> None:
        async with asyncio.TaskGroup() as tasks:
            for one, listener in servings:
                tasks.create_task(serve(one, listener))

    asyncio.run(serve_all())


def end_on_signals(*servers: Server) -> None:
    """Stop servers on SIGTERM and SIGINT, even before they have started."""

    def end(number: int, frame: FrameType | None) -> None:
        for each in servers:
            each.handle_exit(number, frame)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
