"""A real HTTP server on loopback whose answers a test decides, byte by byte."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from dev.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was sent; the path with its query."""

    method: str
    path: str
    headers: Message
    body: bytes


type Respond = Callable[[Request], Iterable[bytes]]
"""Gives what goes over the wire, in pieces; the connection is closed after the last."""


class LocalServer:
    """A running server.

    Attributes:
        url: Where it listens.
        respond: Set it to change its answers.
        requests: What it was sent.
        closed: Released for each connection that it has closed.
    """

    def __init__(self, url: str, respond: Respond) -> None:
        self.url = url
        self.respond = respond
        self.requests: list[Request] = []
        self.closed = threading.Semaphore(0)


def answer(status: int, content: object = b"", **headers: str) -> list[bytes]:
    """Return a whole answer; content that is no bytes goes as JSON, and `_` in a header's name stands for `-`."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"{name}: {value}"
        for name, value in ({"Content-Length": str(len(body)), "Connection": "close"} | given).items()
    ]
    return ["\r\n".join([f"HTTP/1.1 {status} -", *lines, "", ""]).encode("latin-1"), body]


def error(status: int, code: str = "fault", message: str = "It failed.", **headers: str) -> list[bytes]:
    """Return an error in the form that the gateway gives it."""
    return answer(status, {"error": {"code": code, "message": message}}, **headers)


def always(*pieces: bytes) -> Respond:
    """Answer every request alike."""
    return lambda _request: pieces


def in_turn(*answers: Iterable[bytes]) -> Respond:
    """Give one answer a request; a request too many gets none."""
    left = iter(answers)
    return lambda _request: next(left, ())


@contextlib.contextmanager
def serving(respond: Respond, certificate: Certificate | None = None) -> Iterator[LocalServer]:
    """Serve for as long as the block lasts, over https if there is a certificate."""
    with _Server(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        local = LocalServer(f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}", respond)
        server.RequestHandlerClass = _handler(local)
        server.local = local
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield local
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    local: LocalServer

    def shutdown_request(self, request: socket.socket) -> None:
        super().shutdown_request(request)
        self.local.closed.release()


def _handler(local: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, self.headers, body)
            local.requests.append(request)
            with contextlib.suppress(OSError):  # the client had enough
                for piece in local.respond(request):
                    self.wfile.write(piece)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _answer  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    return Handler
