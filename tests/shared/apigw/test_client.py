import gc
import itertools
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dev.certificate import Certificate
from shared.apigw import client as client_module
from shared.apigw.client import GatewayClient, Receipt, Rejection
from shared.apigw.token import FixedToken
from shared.clock import SystemClock
from shared.errors import Contradicted, Malformed, RetryLater, SluiceError, TokenRefused, TooLarge, UnexpectedAnswer
from shared.secret import Secret
from tests.examples import examples
from tests.support.proxies import Proxy
from tests.support.secrets import TOKEN, forms, traces
from tests.support.servers import LocalServer, Request, always, answer, error, in_turn, serving
from tests.support.time import StillClock

_TOKEN = "planted-subscription-token"
_TAKEN = {"accepted": 2, "duplicate": False, "rejected": []}
_MEGABYTE = b"x" * 1024 * 1024


@pytest.fixture(scope="module", name="running")
def _running() -> Iterator[LocalServer]:
    with serving(always()) as running:
        yield running


@pytest.fixture
def server(running: LocalServer) -> LocalServer:
    running.respond = always(*answer(202, _TAKEN))
    running.requests.clear()
    return running


@pytest.fixture
def collected() -> Iterator[None]:
    """For answers so broken that urllib3 leaves their sockets to the garbage collector."""
    yield
    gc.collect()


def _client(url: str, token: str = _TOKEN) -> GatewayClient:
    return GatewayClient(url, FixedToken(Secret(token)), StillClock(datetime(2026, 11, 23, 15, 30, tzinfo=UTC)))


def _post(url: str, lines: int = 2) -> Receipt:
    return _client(url).post_flow_logs(b"gzipped", lines, "key")


def _refusal[E: SluiceError](server: LocalServer, kind: type[E], *pieces: bytes, lines: int = 2) -> E:
    server.respond = always(*pieces)
    with pytest.raises(SluiceError) as refused:
        _post(server.url, lines)
    assert type(refused.value) is kind
    assert _TOKEN not in str(refused.value)
    return refused.value


def test_a_batch_is_posted_as_the_gateway_wants_it(server: LocalServer):
    _client(f"{server.url}/base").post_flow_logs(b"gzipped", 2, "key")
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/base/qas/flow-logs", b"gzipped")
    assert {
        "Authorization": f"Bearer {_TOKEN}",
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
        "Idempotency-Key": "key",
        "User-Agent": "sluice",
    }.items() <= dict(request.headers).items()


def test_a_batch_tells_which_log_blob_it_comes_from_in_a_header_that_no_name_can_break(server: LocalServer):
    _client(server.url).post_flow_logs(b"gzipped", 2, "key", "acc/container/y=2026/ö\r\nX: 1%/PT1H.json")
    (request,) = server.requests
    headers = dict(request.headers)
    assert headers["Flow-Log"] == "acc/container/y=2026/%C3%B6%0D%0AX%3A%201%25/PT1H.json"
    assert "X" not in headers


def test_a_receipt_tells_what_was_accepted_and_what_was_not(server: LocalServer):
    refused = [{"line": 4, "reason": "too old"}, {"line": 0, "reason": "no port"}]
    server.respond = always(*answer(202, {"accepted": 3, "duplicate": True, "rejected": refused}))
    assert _post(server.url, 5) == Receipt(3, (Rejection(4, "too old"), Rejection(0, "no port")), duplicate=True)


def test_what_a_later_gateway_adds_to_a_receipt_does_no_harm(server: LocalServer):
    server.respond = always(*answer(202, _TAKEN | {"new": 1}))
    assert _post(server.url).accepted == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_reported(server: LocalServer, status: int):
    said = str(_refusal(server, TokenRefused, *error(status, "unauthorized")))
    assert f"{status} (unauthorized): it refuses the subscription token" in said


def test_an_agents_token_is_reported_as_one_with_where_to_get_another(server: LocalServer):
    said = str(_refusal(server, TokenRefused, *error(403, "wrong_token_kind")))
    assert "403 (wrong_token_kind): the token is an agent's. Create one of kind ingest" in said


_PAGES = {
    "a page of a WAF": b"<html><h1>403 Forbidden</h1><center>Microsoft-Azure-Application-Gateway/v2</center></html>",
    "a challenge": b"<!DOCTYPE html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/></script>",
    "nothing": b"",
    "text": b"Invalid IAP credentials: empty token",
    "JSON of API Management": {"statusCode": 403, "message": "Forbidden"},
    "JSON of another gateway": {"message": "Unauthorized"},
    "JSON of Azure": {"error": {"code": "AuthorizationFailed", "message": "The client has no authorization."}},
    "a number for a code": {"error": {"code": 403, "message": "The caller has no permission."}},
    "no sentence": {"error": {"code": "unauthorized"}},
    "the gateway's form, cut off": b'{"error":{"code":"unauthorized","message":"The subscr',
    "JSON that is not an object": ["unauthorized"],
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("page", _PAGES)
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 405, 409, 415, 422])
def test_a_refusal_in_another_form_is_not_the_gateways_own(server: LocalServer, status: int, page: str):
    said = str(_refusal(server, UnexpectedAnswer, *answer(status, _PAGES[page], Location="/login")))
    assert f"answered {status}, but not in its own form: something in front of it (a WAF, a firewall, a proxy)" in said
    assert "token" not in said


@pytest.mark.parametrize("page", _PAGES)
def test_a_body_that_is_too_large_for_whoever_is_on_the_way_is_too_large(server: LocalServer, page: str):
    _refusal(server, TooLarge, *answer(413, _PAGES[page]))


@pytest.mark.parametrize("page", _PAGES)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_whoever_is_on_the_way_may_ask_for_a_later_try(server: LocalServer, status: int, page: str):
    assert _refusal(server, RetryLater, *answer(status, _PAGES[page], Retry_After="7")).wait == 7


def test_a_batch_that_is_too_large_is_reported(server: LocalServer):
    assert "413 (too_large)" in str(_refusal(server, TooLarge, *error(413, "too_large")))


@pytest.mark.parametrize("status", [400, 422])
def test_a_malformed_batch_is_reported(server: LocalServer, status: int):
    assert str(status) in str(_refusal(server, Malformed, *error(status, "not_ndjson")))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 599])
def test_a_gateway_that_is_busy_or_broken_is_asked_again(server: LocalServer, status: int):
    assert str(status) in str(_refusal(server, RetryLater, *answer(status)))


@pytest.mark.parametrize(
    "status",
    [101, 200, 201, 204, 206, 300, 301, 302, 303, 304, 307, 308, 402, 404, 405, 410, 415, 418, 451, 600, 999],
)
def test_any_other_answer_is_none_of_a_gateway(server: LocalServer, status: int):
    assert str(status) in str(_refusal(server, UnexpectedAnswer, *answer(status, _TAKEN)))


@pytest.mark.parametrize("status", [404, 405, 410, 415, 418])
def test_an_error_of_the_gateway_that_flow_logs_never_get_is_a_wrong_address(server: LocalServer, status: int):
    said = str(_refusal(server, UnexpectedAnswer, *error(status, "not_found")))
    assert f"answered {status} (not_found), which is not an answer to flow logs" in said


def test_a_conflict_is_told_apart_since_it_concerns_one_log_alone(server: LocalServer):
    assert "same key" in str(_refusal(server, Contradicted, *error(409, "key_reused")))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("Mon, 23 Nov 2026 15:30:20 GMT", 20),
        ("Mon, 23 Nov 2026 16:30:00 +0100", 0),
        ("Mon, 23 Nov 2026 15:29:00 GMT", 0),
        ("Monday, 23-Nov-26 15:31:00 GMT", 60),
        ("Mon Nov 23 15:30:30 2026", 30),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_a_gateway_asks_for_is_known(server: LocalServer, status: int, header: str, seconds: float):
    assert _refusal(server, RetryLater, *answer(status, Retry_After=header)).wait == seconds


@pytest.mark.parametrize(
    "header",
    ["", "soon", "-1", "1.5", "\u0667", "9" * 5000, "Mon, 99 Foo 2026 25:00:00 GMT", "0 Jan 1 1 00:00:00 +9999"],
)
def test_a_wait_that_makes_no_sense_is_none(server: LocalServer, header: str):
    header = header.encode().decode("latin-1")
    assert _refusal(server, RetryLater, *answer(503, Retry_After=header)).wait is None


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])) | st.from_regex(r"[0-9A-Za-z ,:+-]{0,40}"))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
def test_whatever_the_wait_says_it_is_no_less_than_nothing(header: str):
    wait = _client("http://localhost")._wait(header)
    assert wait is None or wait >= 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(server: LocalServer, status: int):
    with serving(always(*answer(202, _TAKEN))) as elsewhere:
        _refusal(server, UnexpectedAnswer, *answer(status, Location=f"{elsewhere.url}/qas/flow-logs"))
        assert elsewhere.requests == []


@pytest.mark.parametrize("location", ["\xff", "//[", "http://[::1", "https://h:port", " ", "\x00"])
def test_a_redirect_to_nowhere_is_a_wrong_address_like_any_other(server: LocalServer, location: str):
    _refusal(server, UnexpectedAnswer, *answer(302, Location=location))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Welcome</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        "accepted",
        {"accepted": 2, "duplicate": False},
        {"accepted": 2, "rejected": []},
        {"duplicate": False, "rejected": []},
        _TAKEN | {"accepted": True},
        _TAKEN | {"accepted": 2.0},
        _TAKEN | {"accepted": "2"},
        _TAKEN | {"accepted": None},
        _TAKEN | {"duplicate": 0},
        _TAKEN | {"duplicate": "false"},
        _TAKEN | {"rejected": None},
        _TAKEN | {"rejected": {}},
        _TAKEN | {"rejected": {"line": 0}},
        _TAKEN | {"rejected": "none"},
        {"accepted": 1, "duplicate": False, "rejected": [0]},
        {"accepted": 1, "duplicate": False, "rejected": [{"line": True, "reason": "x"}]},
        {"accepted": 1, "duplicate": False, "rejected": [{"line": 0, "reason": None}]},
        {"accepted": 1, "duplicate": False, "rejected": [{"line": 0}]},
    ],
)
def test_a_202_in_another_form_is_none_of_a_gateway(server: LocalServer, content: object):
    assert "not in its own form" in str(_refusal(server, UnexpectedAnswer, *answer(202, content)))


@pytest.mark.parametrize(
    ("accepted", "refused"),
    [(1, []), (3, []), (0, []), (-1, [0, 1, 2]), (2, [0]), (1, [2]), (1, [-1]), (0, [1, 1]), (2**63, [])],
)
def test_a_202_that_does_not_add_up_is_none_of_a_gateway(server: LocalServer, accepted: int, refused: list[int]):
    rejected = [{"line": line, "reason": "x"} for line in refused]
    content = {"accepted": accepted, "duplicate": False, "rejected": rejected}
    assert "do not add up to the 2 records" in str(_refusal(server, UnexpectedAnswer, *answer(202, content)))


@pytest.mark.parametrize("status", [200, 202, 302, 404, 500])
def test_an_answer_without_end_is_given_up_on(server: LocalServer, status: int):
    head = f"HTTP/1.1 {status} -\r\nLocation: /\r\nContent-Type: text/plain\r\n\r\n".encode()
    given: list[bytes] = []
    endless = (given.append(piece) or piece for piece in itertools.chain([head], itertools.repeat(_MEGABYTE, 100)))
    server.respond = lambda _request: endless
    with pytest.raises(UnexpectedAnswer, match="does not end"):
        _post(server.url)
    assert len(given) < 50


def test_an_answer_that_unpacks_without_end_is_given_up_on(server: LocalServer):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(64)) + packer.flush()
    refused = _refusal(server, UnexpectedAnswer, *answer(202, bomb, Content_Encoding="gzip"))
    assert "does not end" in str(refused)


@pytest.mark.parametrize("form", forms(TOKEN))
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 413, 422, 429, 503])
def test_an_error_that_repeats_the_token_is_reported_without_it(server: LocalServer, status: int, form: str):
    for text in forms(TOKEN)[form]:
        for code in (text, text[:40], text.lower()[:40], f"x{text[1:]}"):
            said = {"error": {"code": code, "message": text}}
            head = text.encode("ascii", "ignore").decode().replace("\n", "")
            server.respond = always(*answer(status, said, X_Echo=head, Location=head, Retry_After=head))
            with pytest.raises(SluiceError) as refused:
                _post(server.url)
            assert f"answered {status}" in str(refused.value)
            assert not traces(TOKEN, f"{refused.value!r}")


@pytest.mark.parametrize("code", [_TOKEN, "a_code_of_another_gateway", "x" * 40])
def test_a_code_that_is_not_known_is_left_out(server: LocalServer, code: str):
    assert "answered 401: it refuses" in str(_refusal(server, TokenRefused, *error(401, code)))


def test_the_code_of_an_error_is_repeated(server: LocalServer):
    assert "400 (bad_gzip)" in str(_refusal(server, Malformed, *error(400, "bad_gzip")))


@pytest.mark.parametrize("form", forms(TOKEN))
def test_reasons_that_repeat_the_token_are_kept_without_it(server: LocalServer, form: str):
    rejected = [{"line": line, "reason": reason} for line, reason in enumerate(forms(TOKEN)[form])]
    server.respond = always(*answer(202, {"accepted": 0, "duplicate": True, "rejected": rejected}))
    kept = _post(server.url, len(rejected)).rejected
    assert [rejection.line for rejection in kept] == list(range(len(rejected)))
    assert not traces(TOKEN, " ".join(rejection.reason for rejection in kept))


def test_a_reason_is_kept_without_what_may_be_a_secret(server: LocalServer):
    rejected = [{"line": 0, "reason": f"the header Bearer {_TOKEN} is not known"}]
    server.respond = always(*answer(202, {"accepted": 1, "duplicate": False, "rejected": rejected}))
    assert _post(server.url).rejected == (Rejection(0, "the header ... is not known"),)


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 202 -\r\nContent-Length: 100\r\n\r\n", b'{"accepted":2'),
        (b"HTTP/1.1 202 -\r\nTransfer-Encoding: chunked\r\n\r\n", b"ff\r\nabc"),
        (b"HTTP/1.1 202 -\r\nTransfer-Encoding: chunked\r\n\r\n", b"not a length\r\n"),
        (b"HTTP/1.1 202 -\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n", b"abcd"),
        (b"HTTP/1.1 202 -\r\nContent-Length: 1, 2\r\n\r\n", b"{}"),
        (b"SSH-2.0-server\r\n",),
        (b"HTTP/1.1 twohundred -\r\n\r\n",),
        (b"HTTP/1.1 202 -\r\n" + b"X: y\r\n" * 1000 + b"\r\n",),
        (b"HTTP/1.1 202 -\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",),
    ],
)
def test_an_answer_that_breaks_off_or_is_none_tells_nothing_of_the_batch(server: LocalServer, pieces: tuple[bytes]):
    _refusal(server, RetryLater, *pieces)


def test_a_gateway_that_is_not_there_is_asked_again():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RetryLater, match="connection to the gateway failed"):
        _post(f"http://127.0.0.1:{port}")


def test_a_name_that_nobody_has_is_asked_again():
    with pytest.raises(RetryLater, match="connection to the gateway failed"):
        _post("https://gateway.invalid")


def test_a_connection_that_is_reset_while_the_batch_is_sent_tells_nothing_of_it():
    def reset() -> None:
        connection, _ = listening.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        resetting = threading.Thread(target=reset)
        resetting.start()
        with pytest.raises(RetryLater, match="connection to the gateway failed"):
            _client(f"http://127.0.0.1:{listening.getsockname()[1]}").post_flow_logs(_MEGABYTE * 8, 2, "key")
        resetting.join()


def test_a_connection_that_was_closed_while_idle_is_made_again(server: LocalServer):
    server.respond = always(*answer(202, _TAKEN, Connection="keep-alive"))
    server.closed = threading.Semaphore(0)
    client = _client(server.url)
    for _ in range(3):
        assert client.post_flow_logs(b"gzipped", 2, "key").accepted == 2
        assert server.closed.acquire(timeout=10)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets an attempt take less than the second that it is given at least."""
    monkeypatch.setattr(client_module, "_SHORTEST_SECONDS", 0.1)


def _attempt(url: str, seconds: float) -> tuple[str, float]:
    """Return what an attempt ends with, and how long it took."""
    client = GatewayClient(url, FixedToken(Secret(_TOKEN)), SystemClock())
    begun = time.monotonic()
    with pytest.raises(RetryLater) as given_up:
        client.post_flow_logs(b"gzipped", 2, "key", seconds=seconds)
    return str(given_up.value), time.monotonic() - begun


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "begun", [b"", b"HTTP/1.1 202 -\r\n", b"HTTP/1.1 202 -\r\nContent-Length: 9\r\n\r\n{"], ids=["", "head", "body"]
)
def test_a_gateway_that_falls_silent_is_not_waited_for(server: LocalServer, begun: bytes):
    waited_for = threading.Event()

    def silence() -> Iterable[bytes]:
        yield begun
        waited_for.wait(5)

    server.respond = lambda _request: silence()
    try:
        said, took = _attempt(server.url, 0.3)
    finally:
        waited_for.set()
    assert said == "The gateway did not answer in time."
    assert 0.25 < took < 2


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 202 ", b"-"),
        (b"HTTP/1.1 202 -\r\nX: ", b"x"),
        (b"HTTP/1.1 202 -\r\nX: x\r\n", b"X: x\r\n"),
        (b"HTTP/1.1 202 -\r\nContent-Length: 999\r\n\r\n", b"{"),
        (b"HTTP/1.1 202 -\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
    ],
    ids=["not yet", "reason", "header", "headers", "body", "chunks"],
)
def test_an_answer_that_trickles_in_is_waited_for_no_longer(server: LocalServer, begun: bytes, more: bytes):
    enough = threading.Event()

    def trickle() -> Iterable[bytes]:
        yield begun
        for _ in range(90):
            yield more
            if enough.wait(0.05):
                return

    server.respond = lambda _request: trickle()
    try:
        said, took = _attempt(server.url, 0.5)
    finally:
        enough.set()
    assert said == "The gateway did not answer in time."
    assert 0.45 < took < 2


@pytest.mark.usefixtures("hasty")
def test_a_gateway_that_takes_no_connection_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        said, took = _attempt(f"http://127.0.0.1:{address[1]}", 0.4)
        for each in waiting:
            each.close()
    assert said == "The gateway did not answer in time."
    assert took < 2


@pytest.mark.usefixtures("hasty")
def test_a_second_attempt_with_a_newer_token_has_what_the_first_one_left(server: LocalServer):
    left = threading.Event()

    def refuse(request: Request) -> Iterable[bytes]:
        left.wait(0.3 if not request.headers["Authorization"].endswith("newer") else 5)
        yield from error(401, "unauthorized")

    server.respond = refuse
    client = GatewayClient(server.url, _Rotated(), SystemClock())
    begun = time.monotonic()
    with pytest.raises(RetryLater, match="did not answer in time"):
        client.post_flow_logs(b"gzipped", 2, "key", seconds=0.6)
    left.set()
    assert 0.55 < time.monotonic() - begun < 2


def test_without_a_time_of_its_own_an_attempt_takes_a_minute_at_most():
    assert client_module.LONGEST_SECONDS <= 60


def test_a_certificate_that_nobody_vouches_for_is_named(certificate: Certificate):
    with serving(always(*answer(202, _TAKEN)), certificate) as server:
        with pytest.raises(RetryLater, match="certificate"):
            _post(server.url)
        assert server.requests == []


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_netrc_entry_does_not_replace_the_token(
    certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, over_tls: bool
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    with serving(always(*answer(202, _TAKEN)), certificate if over_tls else None) as server:
        _post(server.url)
        assert [request.headers["Authorization"] for request in server.requests] == [f"Bearer {_TOKEN}"]


def test_a_cookie_is_not_kept(server: LocalServer):
    server.respond = always(*answer(202, _TAKEN, Set_Cookie="session=1; Path=/"))
    client = _client(server.url)
    for _ in range(2):
        client.post_flow_logs(b"gzipped", 2, "key")
    assert [request.headers["Cookie"] for request in server.requests] == [None, None]


@pytest.mark.parametrize("form", ["http://127.0.0.1:{}", "HTTP://127.0.0.1:{}", "http://localhost:{}"])
def test_a_token_in_plain_text_goes_through_no_proxy(server: LocalServer, proxy: Proxy, form: str):
    _post(form.format(urlsplit(server.url).port))
    assert proxy.shown == []
    assert len(server.requests) == 1


def test_a_proxy_is_asked_for_a_tunnel_and_sees_no_token(monkeypatch: pytest.MonkeyPatch):
    with serving(always(*answer(502))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(RetryLater):
            _post("https://gateway.example.com")
        (request,) = proxy.requests
    assert (request.method, request.path) == ("CONNECT", "gateway.example.com:443")
    assert _TOKEN not in str(request.headers)


class _Rotated:
    """A token that was rotated: the newer one is found once the older is refused."""

    def __init__(self) -> None:
        self._token = Secret("older")

    def token(self) -> Secret:
        return self._token

    def renew(self, refused: Secret) -> bool:
        self._token = Secret("newer")
        return refused != self._token


def test_after_a_401_a_newer_token_is_tried_at_once(server: LocalServer):
    server.respond = in_turn(answer(401), answer(202, _TAKEN), answer(202, _TAKEN))
    client = GatewayClient(server.url, _Rotated(), StillClock())
    for _ in range(2):
        client.post_flow_logs(b"gzipped", 2, "key")
    assert [request.headers["Authorization"] for request in server.requests] == [
        "Bearer older",
        "Bearer newer",
        "Bearer newer",
    ]
    assert {request.headers["Idempotency-Key"] for request in server.requests} == {"key"}


def test_after_a_token_of_the_wrong_kind_a_newer_one_is_tried_at_once(server: LocalServer):
    server.respond = in_turn(error(403, "wrong_token_kind"), answer(202, _TAKEN))
    GatewayClient(server.url, _Rotated(), StillClock()).post_flow_logs(b"gzipped", 2, "key")
    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer older", "Bearer newer"]


def test_a_newer_token_that_is_refused_too_is_reported(server: LocalServer):
    server.respond = always(*error(401, "unauthorized"))
    with pytest.raises(TokenRefused):
        GatewayClient(server.url, _Rotated(), StillClock()).post_flow_logs(b"gzipped", 2, "key")
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_with_no_newer_token_the_gateway_is_asked_once(server: LocalServer, status: int):
    _refusal(server, TokenRefused, *error(status))
    assert len(server.requests) == 1


def test_a_401_of_a_proxy_that_checks_the_token_itself_has_a_newer_one_tried_too(server: LocalServer):
    server.respond = in_turn(answer(401, {"statusCode": 401, "message": "JWT is expired."}), answer(202, _TAKEN))
    assert GatewayClient(server.url, _Rotated(), StillClock()).post_flow_logs(b"gzipped", 2, "key").accepted == 2


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2027-11-05T12:00:00Z", datetime(2027, 11, 5, 12, tzinfo=UTC)),
        ("2027-11-05T13:00:00+01:00", datetime(2027, 11, 5, 12, tzinfo=UTC)),
        ("2027-11-05T12:00:00.5Z", datetime(2027, 11, 5, 12, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_the_gateway_tells_when_the_token_ends(server: LocalServer, text: str, time: datetime):
    server.respond = always(*answer(200, {"expiresAt": text}))
    assert _client(server.url).token_expiry() == time
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/qas/subscription-token")
    assert request.headers["Authorization"] == f"Bearer {_TOKEN}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"soon",
        [],
        {},
        {"expiresAt": None},
        {"expiresAt": 1795447800},
        {"expiresAt": "soon"},
        {"expiresAt": "0001-01-01T00:00:00+23:00"},
        {"expiresAt": "2027-11-05T12:00:00"},
    ],
)
def test_an_end_of_the_token_that_is_no_time_is_none_of_a_gateway(server: LocalServer, content: object):
    server.respond = always(*answer(200, content))
    with pytest.raises(UnexpectedAnswer, match="does not say when the token expires"):
        _client(server.url).token_expiry()


@pytest.mark.parametrize(
    ("pieces", "kind"),
    [
        (error(401, "unauthorized"), TokenRefused),
        (answer(401, b"<html>"), UnexpectedAnswer),
        (answer(403), UnexpectedAnswer),
        (answer(503), RetryLater),
        (answer(202, {"expiresAt": "2027-11-05T12:00:00Z"}), UnexpectedAnswer),
        (error(404), UnexpectedAnswer),
    ],
)
def test_a_gateway_that_does_not_tell_the_tokens_end_is_reported_as_for_a_post(
    server: LocalServer, pieces: list[bytes], kind: type[SluiceError]
):
    server.respond = always(*pieces)
    with pytest.raises(kind):
        _client(server.url).token_expiry()


_LINES = st.sampled_from(
    [
        b"HTTP/1.1 202 -",
        b"HTTP/1.1 302 -",
        b"HTTP/1.1 503 -",
        b"HTTP/1.0 100 Continue",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Content-Length: 99999999999999999999",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Content-Encoding: zstd, br",
        b"Location: //[\xff",
        b"Retry-After: \xff",
        b"Set-Cookie: =;=;",
        b"Connection: keep-alive",
        b" folded",
        b":",
        b"",
        b"5",
        b"0",
        b"{}",
        b'{"accepted":2,"duplicate":false,"rejected":[]}',
    ]
)


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_LINES | st.binary(max_size=8), max_size=12).map(b"\r\n".join))
def test_any_bytes_at_all_are_a_receipt_or_one_of_the_errors(server: LocalServer, said: bytes):
    server.respond = always(said)
    try:
        assert _post(server.url).accepted == 2
    except SluiceError:
        return
