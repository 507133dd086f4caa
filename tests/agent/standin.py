"""A stand-in for the edge: the two calls that an agent makes, over real TLS, and what went over the wire."""

import gzip
import json
import ssl
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = "a.subscription-token"


@dataclass(frozen=True, slots=True)
class Post:
    """A request that brought an interval."""

    headers: dict
    body: bytes

    @property
    def key(self):
        return self.headers["Idempotency-Key"]

    @property
    def records(self):
        return [json.loads(line) for line in gzip.decompress(self.body).splitlines()]


class StandIn:
    """What the edge wants, and what it got.

    Attributes:
        posts: The requests that were answered with 200, without duplicates, in their order.
        script: Statuses, headers and bodies that answer the next requests in place of the right answers.
        asked: The headers of each question, with what was known.
    """

    def __init__(self, port):
        self.address = f"localhost:{port}"
        self.posts = []
        self.script = deque()
        self.asked = []
        self.authorizations = set()
        self.token = TOKEN
        self.hold_seconds = 5.0
        self.time = lambda: datetime.now(UTC)
        self._settings = {"collect": False, "etag": "0"}
        self._changed = threading.Condition()

    def want(self, **settings):
        """Have the agent do something else."""
        with self._changed:
            self._settings = {**settings, "etag": str(int(self._settings["etag"]) + 1)}
            self._changed.notify_all()

    def settings(self, known):
        """Answer a long poll."""
        with self._changed:
            self._changed.wait_for(lambda: self._settings["etag"] != known, self.hold_seconds)
            return self._settings

    def take(self, post):
        """Answer a post: an interval counts once."""
        with self._changed:
            earlier = [each for each in self.posts if each.key == post.key]
            if earlier and earlier[0].body != post.body:
                return 409, {"error": {"code": "contradiction", "message": "the key is known with another body"}}
            if not earlier:
                self.posts.append(post)
            self._changed.notify_all()
            return 200, {"accepted": len(post.records), "duplicate": bool(earlier), "rejected": []}

    def wait_for_posts(self, count, seconds=30.0):
        """Wait until so many intervals are in."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.posts) >= count, seconds), "no interval came"
            return list(self.posts)

    @property
    def records(self):
        """All records of all intervals."""
        return [record for post in self.posts for record in post.records]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def date_time_string(self, _timestamp=None):
        return self.server.edge.time().strftime("%a, %d %b %Y %H:%M:%S GMT")

    def do_GET(self):
        place = urlsplit(self.path)
        if self.server.edge.script:
            self._answer(*self.server.edge.script.popleft())
        elif place.path == "/healthz":
            self._answer(200, {}, {"status": "ok", "time": self.server.edge.time().isoformat().replace("+00:00", "Z")})
        elif self._has_token():
            known = parse_qs(place.query).get("known", [None])[0]
            self.server.edge.asked.append({**self.headers, "known": known})
            self._answer(200, {}, self.server.edge.settings(known))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.edge.script:
            self._answer(*self.server.edge.script.popleft())
        elif self._has_token():
            status, document = self.server.edge.take(Post(dict(self.headers), body))
            self._answer(status, {}, document)

    def _has_token(self):
        self.server.edge.authorizations.add(self.headers["Authorization"])
        if self.headers["Authorization"] == f"Bearer {self.server.edge.token}":
            return True
        self._answer(401, {}, {"error": {"code": "unauthorized", "message": "the token is not known"}})
        return False

    def _answer(self, status, headers, document):
        if callable(document):
            document(self)
            return
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """An agent that leaves in the middle is none of the server's faults."""


@contextmanager
def stand_in(certificate, host="127.0.0.1", port=0):
    """Run a stand-in."""
    server = _Server((host, port), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    # The handshake is made where the request is read, so that one that hangs holds up no other.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.edge = edge = StandIn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield edge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
