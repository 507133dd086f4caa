"""Serving the gateway: one listening socket, one process."""

import asyncio
import signal
import socket
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol


def listen(host: str, port: int) -> socket.socket:
    """Give a listening socket for an address; port 0 takes a free one.

    Raises:
        OSError: The address cannot be used.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    # asyncio does so only for sockets of its own. Without it a small answer waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def server(
    app: ASGIApp,
    certificate: Path | None = None,
    key: Path | None = None,
    protocol: type[asyncio.Protocol] = H11Protocol,
) -> uvicorn.Server:
    """Give a server for an application, with TLS if there is a certificate.

    Raises:
        OSError: The certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,  # idle TLS connections would hold it up for 30 s
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    return uvicorn.Server(config)


def end_on_signals(server: uvicorn.Server) -> None:
    """Let SIGTERM and SIGINT end a server, once every request has been answered.

    uvicorn does so too, but not before it has started, and it raises the signal again when it is done, which would end
    the process before the stores are closed.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
