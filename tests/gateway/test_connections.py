"""No stranger's connections stop anybody: over real sockets, with TLS and without."""

import asyncio
import contextlib
import logging
import resource
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from gateway import protocol
from gateway.connections import Connections, most_connections
from gateway.server import listen, run, server

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def serving(app, connections, certificate=None):
    """Serve an application on loopback; gives its address."""
    listener = listen("127.0.0.1", 0, connections)
    pair = (certificate.certificate, certificate.key) if certificate else ()
    one = server(app, *pair, connections=connections)
    thread = threading.Thread(target=run, args=[(one, listener)], name="gateway")
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        one.should_exit = True
        thread.join()


async def app(scope, receive, send):
    """Answers, and takes `/proven` for somebody who has shown a good token."""
    if scope["type"] == "lifespan":
        for answer in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{answer}.complete"})
        return
    if scope["path"] == "/proven":
        scope["state"]["prove"]()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def connect(address, sent=b"", source="127.0.0.1"):
    connection = socket.create_connection(address, timeout=20, source_address=(source, 0))
    connection.sendall(sent)
    return connection


def asked(connection, path="/"):
    """Whether a request on a connection is answered."""
    try:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.fixture
def _short(monkeypatch):
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.2)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_headers_that_do_not_come_end_the_connection(sent):
    with (
        serving(app, Connections(10)) as address,
        connect(address, sent) as silent,
        contextlib.suppress(ConnectionResetError),
    ):
        assert silent.recv(1) == b""


@pytest.mark.usefixtures("_short")
def test_headers_of_a_later_request_must_come_in_time_too():
    with serving(app, Connections(10)) as address, connect(address) as connection:
        assert asked(connection)
        connection.sendall(b"GET / HTTP/1.1\r\nX-A: ")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_one_address_has_so_many_unproven_connections_and_no_more():
    connections = Connections(100, 3)
    with serving(app, connections) as address, contextlib.ExitStack() as opened:
        silent = [opened.enter_context(connect(address)) for _ in range(3)]
        assert not asked(opened.enter_context(connect(address)))
        assert asked(silent[0], "/proven")
        assert asked(opened.enter_context(connect(address)))


def test_those_who_have_shown_who_they_are_are_as_many_as_there_may_be_in_all():
    connections = Connections(20, 2)
    with serving(app, connections) as address, contextlib.ExitStack() as opened:
        for _ in range(20):
            assert asked(opened.enter_context(connect(address)), "/proven")
        assert not asked(opened.enter_context(connect(address)))
        assert len(connections) == 20


def test_behind_a_proxy_one_address_may_have_all():
    with serving(app, Connections(50, None)) as address, contextlib.ExitStack() as opened:
        for _ in range(50):
            assert asked(opened.enter_context(connect(address)))


def test_what_is_closed_counts_no_more():
    connections = Connections(100, 2)
    with serving(app, connections) as address:
        for _ in range(20):
            answer = requests.get(f"http://{address[0]}:{address[1]}/", headers={"Connection": "close"}, timeout=20)
            assert answer.status_code == 200
        with connect(address) as last:
            assert asked(last)
            assert len(connections) <= 2


def test_a_tls_handshake_that_never_ends_counts_too(certificate):
    with serving(app, Connections(100, 3), certificate) as address, contextlib.ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(connect(address))
        context = ssl.create_default_context(cafile=certificate.certificate)
        with connect(address) as refused, pytest.raises((ConnectionError, ssl.SSLError)):
            context.wrap_socket(refused, server_hostname="127.0.0.1").do_handshake()


def test_a_tls_handshake_has_a_time(certificate, monkeypatch):
    assert asyncio.constants.SSL_HANDSHAKE_TIMEOUT == 10
    monkeypatch.setattr(asyncio.constants, "SSL_HANDSHAKE_TIMEOUT", 0.2)
    connections = Connections(10)
    with (
        serving(app, connections, certificate) as address,
        connect(address) as silent,
        contextlib.suppress(ConnectionResetError),
    ):
        assert silent.recv(1) == b""
    assert len(connections) == 0


def test_a_request_whose_length_is_told_twice_is_refused_and_its_connection_closed(gateway):
    host, port = gateway.url.removeprefix("http://").split(":")
    with connect((host, int(port))) as connection:
        connection.sendall(
            b"POST /qas/flow-logs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"two_lengths" in said
    assert said.count(b"HTTP/1.1 ") == 1


def test_refusals_are_logged_once_a_minute(caplog):
    now = [0.0]
    connections = Connections(100, 1, lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for second in range(130):
            now[0] = float(second)
            connections.admit(("192.0.2.1", second))
    counts = [record.args[-1] for record in caplog.records]
    assert counts == [1, 60, 60]


def test_the_limit_of_open_files_is_raised_and_connections_stay_below_it():
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 4096));"
        "from gateway.connections import MOST_SCRAPERS, most_connections;"
        "print(2 * most_connections() + MOST_SCRAPERS, *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    every_listeners, soft, _ = map(int, done.stdout.split())
    assert soft == 4096
    assert 1000 < every_listeners <= soft - 128
    assert 2 * most_connections() < max(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 50_000)


FLOOD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
from gateway.cli import main
sys.exit(main(["serve", "--data", sys.argv[1], "--port", "0"]))
"""


def test_a_stranger_with_silent_connections_stops_nobody_and_fills_no_log(tmp_path):
    """Thirteen hundred of them stopped the gateway under the usual limit of files, and wrote 387 MB of log."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", FLOOD, tmp_path / "data"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
        contextlib.ExitStack() as opened,
    ):
        port = int(process.stdout.readline().split(b":")[-1].rstrip(b'"}\n'))
        process.stderr.readline()
        opened.callback(process.kill)
        for _ in range(400):
            with contextlib.suppress(OSError):
                opened.enter_context(connect(("127.0.0.1", port), b"GET / HTTP/1.1\r\nX-A: ", "127.0.0.2"))
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        process.terminate()
        log = process.stderr.read()
    assert len(log) < 2000, log[:2000]
    assert b"Too many open files" not in log


def test_a_connection_tells_the_application_whether_it_has_shown_who_it_is():
    seen = []

    async def telling(scope, receive, send):
        if scope["type"] == "http":
            seen.append(scope["state"]["is_proven"]())
        await app(scope, receive, send)

    with serving(telling, Connections(10)) as address, connect(address) as connection, connect(address) as other:
        assert all(asked(each, path) for each, path in ((connection, "/"), (connection, "/proven"), (connection, "/")))
        assert asked(other)
    assert seen == [False, False, True, False]
