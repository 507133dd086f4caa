"""A request over HTTP: redirects are not followed, the answer is bounded, and the time limit is for the whole request.

TLS uses the machine's own authorities, or those of REQUESTS_CA_BUNDLE, which az uses too, of CURL_CA_BUNDLE or of
SSL_CERT_FILE. Proxies are those of the environment, and on Windows and macOS those of the system.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

_MOST_BYTES = 4 * 1024 * 1024
_CONNECT_SECONDS = 10
_MACOS_AUTHORITIES = "/etc/ssl/cert.pem"  # a Python from python.org comes without any


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP's number; 0 without an answer.
        body: At most 4 MiB; empty if it is longer.
        trouble: Why there is no answer.
    """

    status: int
    body: bytes = b""
    trouble: str = ""

    @property
    def why(self) -> str:
        """The number, or why there is none."""
        return f"HTTP {self.status}" if self.status else self.trouble

    def json(self) -> Any:  # noqa: ANN401 -- whatever somebody else sends
        """Return the body as JSON; None if it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class _Unusable(Exception):
    """Why the server can't be reached."""


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    bearer: str = "",
    seconds: float = 60,
) -> Answer:
    """Send a request and return its answer, whatever that is.

    Args:
        method: HTTP's method.
        url: An address that begins with https:// or http://.
        headers: Headers besides those that follow from the rest.
        body: What is sent.
        bearer: A token to authenticate with; it is never shown.
        seconds: How long all of it may take.
    """
    found: list[Answer] = []
    given = dict(headers or {})
    if bearer:
        given["Authorization"] = f"Bearer {bearer}"
    # A socket's timeout is for each read; a thread that is no longer waited for bounds the entire request, including
    # name resolution.
    worker = threading.Thread(target=lambda: found.append(_ask(method, url, given, body)), daemon=True)
    worker.start()
    worker.join(seconds)
    return found[0] if found else Answer(0, trouble=f"it did not answer within {seconds:.0f} seconds")


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    connection = None
    try:
        connection, target = _connection(url)
        connection.connect()
        connection.sock.settimeout(None)
        with contextlib.suppress(BrokenPipeError):  # it may have answered before it had everything
            connection.request(method, target, body=body or None, headers=dict(headers))
        response = connection.getresponse()
        content = response.read(_MOST_BYTES + 1)
        return Answer(response.status, content if len(content) <= _MOST_BYTES else b"")
    except _Unusable as error:
        return Answer(0, trouble=str(error))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(0, trouble=_trouble(error))
    finally:
        if connection is not None:
            connection.close()


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    """Return a connection that is not open yet, and what is requested over it. Raises _Unusable and ValueError."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises for one that is not valid
    except ValueError as error:
        raise _Unusable("the address has no valid host or port") from error
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise _Unusable("the address does not begin with https:// and a name")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":  # without TLS, which is for loopback alone, a proxy would read the token
        return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_CONNECT_SECONDS), target
    proxy = _proxy(parts.hostname, parts.port or 443)
    if proxy is None:
        direct = http.client.HTTPSConnection(
            parts.hostname, parts.port or 443, timeout=_CONNECT_SECONDS, context=_context()
        )
        return direct, target
    way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if way.scheme != "http" or not way.hostname:
        raise _Unusable("the environment's proxy must be an http:// address, such as http://proxy.example.com:3128")
    tunnel = http.client.HTTPSConnection(way.hostname, way.port or 80, timeout=_CONNECT_SECONDS, context=_context())
    tunnel.set_tunnel(parts.hostname, parts.port or 443, headers=_credentials(way.username, way.password))
    return tunnel, target


def _proxy(host: str, port: int) -> str | None:
    if urllib.request.proxy_bypass(f"{host}:{port}") or urllib.request.proxy_bypass(host):
        return None
    found = urllib.request.getproxies()
    return found.get("https") or found.get("all") or None


def _credentials(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    both = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(both).decode()}"}


def _context() -> ssl.SSLContext:
    context = _with_authorities()
    # Since 3.13 Python refuses certificates without some extensions, as inspecting proxies issue them; az accepts them.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _with_authorities() -> ssl.SSLContext:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle:
        try:
            if os.path.isdir(bundle):  # noqa: PTH112 -- a name from the environment
                return ssl.create_default_context(capath=bundle)
            return ssl.create_default_context(cafile=bundle)
        except OSError as error:
            raise _Unusable("the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names can't be used") from error
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and os.path.exists(_MACOS_AUTHORITIES):  # noqa: PTH110
        context.load_verify_locations(_MACOS_AUTHORITIES)
    return context


def _trouble(error: Exception) -> str:  # noqa: PLR0911 -- a sentence for each
    """Return why there is no answer, in words that contain nothing of what was sent or received."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS correctly"
    if isinstance(error, socket.gaierror):
        return "its name can't be resolved"
    if isinstance(error, (socket.timeout, TimeoutError)):
        return f"no connection within {_CONNECT_SECONDS} seconds"
    refused = re.match(r"Tunnel connection failed: (\d{3})", str(error))
    if refused:
        return f"the proxy refuses to connect to it (HTTP {refused[1]})"
    if isinstance(error, http.client.HTTPException):
        return "its answer is not HTTP"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    if isinstance(error, OSError):
        return "the connection broke"
    return "the address, a token or a key has a character that can't be sent"
