"""A real HTTP proxy on loopback that keeps what it was shown, and tunnels every CONNECT to one address."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "Http_Proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy")


class Proxy:
    """A running proxy.

    Attributes:
        url: Where it listens.
        shown: The first line and the headers of each request that it got.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.shown: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """What leads every client of this machine to it."""
        return dict.fromkeys(VARIABLES, self.url)


@contextlib.contextmanager
def proxying(target: str = "") -> Iterator[Proxy]:
    """Run a proxy for as long as the block lasts.

    Args:
        target: The URL of a server that every tunnel ends at, whatever it was asked for; without one it refuses all.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = _handler(proxy, target)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _handler(proxy: Proxy, target: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            proxy.shown.append(f"{self.requestline}\n{self.headers}")
            self.send_error(502)

        def do_CONNECT(self) -> None:
            if not target:
                self._refuse()
                return
            proxy.shown.append(f"{self.requestline}\n{self.headers}")
            address = urlsplit(target)
            with socket.create_connection((address.hostname, address.port)) as far:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(far, self.connection))
                back.start()
                _pump(self.connection, far)
                back.join()
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _refuse  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(64 * 1024):
            sink.sendall(data)
    for end, way in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(way)
