import datetime as dt
import re
import socket
import ssl
import threading

import pytest

from agent.delivery.edge import PORT, Address, make_context, parse_address, skew_of
from agent.delivery.spool import make_batch
from agent.errors import BatchRefused, EdgeAway, EdgeError, SettingError, TokenRefused, WrongAddress
from dev.certificate import make_certificate
from tests.agent.conftest import IDENTITY
from tests.agent.standin import TOKEN, stand_in
from tests.support import secrets
from tests.support.secrets import forms, traces

BATCH = make_batch(1_795_521_600_000, 2, b'{"a":1}\n{"a":2}\n')
TAKEN = {"accepted": 2, "duplicate": False, "rejected": []}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("edge.example.com", Address("edge.example.com", PORT)),
        ("edge.example.com:443", Address("edge.example.com", 443)),
        ("10.0.0.9", Address("10.0.0.9", PORT)),
        ("[2001:db8::9]", Address("2001:db8::9", PORT)),
        ("[2001:db8::9]:443", Address("2001:db8::9", 443)),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(text, address):
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":8048",
        "edge:",
        "edge:0",
        "edge:65536",
        "edge:x",
        "https://edge",
        "edge/path",
        "u@edge",
        "2001:db8::9",
        "a b",
        "a\r\nb",
    ],
)
def test_what_is_not_an_address_is_refused_with_a_sentence(text):
    with pytest.raises(SettingError, match="must be HOST or HOST:PORT"):
        parse_address(text)


def test_an_interval_arrives_with_what_the_edge_must_know(edge, standing_in, clock):
    taken = edge.post(BATCH, dropped=3)
    assert (taken.accepted, taken.duplicate, dict(taken.rejected)) == (2, False, {})
    [post] = standing_in.posts
    assert post.records == [{"a": 1}, {"a": 2}]
    assert post.headers["Content-Type"] == "application/x-ndjson"
    assert post.headers["Content-Encoding"] == "gzip"
    assert post.headers["Idempotency-Key"] == f"{IDENTITY.agent_id}:{BATCH.start_ms}"
    assert post.headers["Agent-Id"] == IDENTITY.agent_id
    assert post.headers["Agent-Dropped-Intervals"] == "3"
    sent_at = dt.datetime.fromisoformat(post.headers["Agent-Sent-At"])
    assert round(sent_at.timestamp() * 1000) == clock.now_ms()


def test_a_question_tells_who_asks_and_what_it_knows(edge, standing_in):
    assert edge.ask(None) == {"collect": False, "etag": "0"}
    standing_in.want(collect=True, interval_seconds=60)
    assert edge.ask("0") == {"collect": True, "interval_seconds": 60, "etag": "1"}
    first, second = standing_in.asked
    assert (first["known"], second["known"]) == (None, "0")
    assert first["Agent-Id"] == IDENTITY.agent_id
    assert (first["Agent-Host"], first["Agent-System"]) == ("vm-1", "Linux 6.1 x86_64")
    assert first["Agent-Addresses"] == "10.0.0.4,2001:db8::4"
    assert first["Agent-Version"]


def test_an_etag_is_quoted(edge, standing_in):
    standing_in.hold_seconds = 0
    edge.ask("a&b=c d/é")
    assert standing_in.asked[0]["known"] == "a&b=c d/é"


def test_health_takes_no_token(edge, standing_in, token_file):
    token_file.unlink()
    assert edge.health()["status"] == "ok"
    assert standing_in.authorizations == set()


def test_the_same_interval_twice_is_a_duplicate(edge, standing_in):
    assert [edge.post(BATCH, 0).duplicate for _ in range(2)] == [False, True]
    assert len(standing_in.posts) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BatchRefused),
        (409, BatchRefused),
        (413, BatchRefused),
        (401, TokenRefused),
        (403, TokenRefused),
        (408, EdgeAway),
        (425, EdgeAway),
        (429, EdgeAway),
        (500, EdgeAway),
        (503, EdgeAway),
        (201, WrongAddress),
        (204, WrongAddress),
        (301, WrongAddress),
        (307, WrongAddress),
        (404, WrongAddress),
        (405, WrongAddress),
        (415, WrongAddress),
        (418, WrongAddress),
    ],
)
def test_each_status_is_named_by_its_remedy(edge, standing_in, status, kind):
    standing_in.script.append((status, {}, {"error": {"code": "x", "message": "the\nreason"}}))
    with pytest.raises(kind) as caught:
        edge.post(BATCH, 0)
    assert type(caught.value) is kind
    if status != 204:
        assert str(caught.value) == f"{standing_in.address} answers {status}: the reason"


PAGES = {
    "a page of a WAF": b"<html><h1>403 Forbidden</h1><center>Microsoft-Azure-Application-Gateway/v2</center></html>",
    "nothing": b"",
    "text": b"Invalid IAP credentials: empty token",
    "JSON of API Management": {"statusCode": 403, "message": "Forbidden"},
    "JSON of Azure": {"error": {"code": "AuthorizationFailed", "message": "no authorization"}},
    "the edge's form, cut off": b'{"error":{"code":"unauthorized","message":"The subscr',
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 413, 422])
def test_a_refusal_in_another_form_is_not_the_edges_own(edge, standing_in, status, page):
    standing_in.script.append((status, {}, PAGES[page]))
    with pytest.raises(
        WrongAddress, match=f"answers {status}, but not in the edge's own form: something in front of it"
    ):
        edge.post(BATCH, 0)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_whoever_is_on_the_way_may_ask_for_a_later_try(edge, standing_in, status, page):
    standing_in.script.append((status, {"Retry-After": "7"}, PAGES[page]))
    with pytest.raises(EdgeAway) as caught:
        edge.post(BATCH, 0)
    assert caught.value.wait == 7


def test_the_code_of_an_error_is_told_if_the_edge_is_known_to_have_it(edge, standing_in):
    for code, told in (("bad_agent", "x (bad_agent)"), ("a_code_of_another_edge", "x")):
        standing_in.script.append((400, {}, {"error": {"code": code, "message": "x the reason"}}))
        with pytest.raises(BatchRefused) as caught:
            edge.post(BATCH, 0)
        assert str(caught.value) == f"{standing_in.address} answers 400: {told}".replace(": x", ": ... the reason")


def test_a_redirect_is_not_followed(edge, standing_in):
    standing_in.script.append((307, {"Location": f"https://{standing_in.address}/healthz"}, b""))
    with pytest.raises(WrongAddress, match="answers 307"):
        edge.health()


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "17"}, 17),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "²"}, None),
    ],
)
def test_what_the_edge_asks_for_is_passed_on(edge, standing_in, headers, wait):
    standing_in.script.append((503, headers, {}))
    with pytest.raises(EdgeAway) as caught:
        edge.post(BATCH, 0)
    assert caught.value.wait == wait


def test_a_date_to_wait_for_counts_from_the_edges_own_time(edge, standing_in):
    now = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    standing_in.time = lambda: now
    standing_in.script.append((503, {"Retry-After": "Mon, 01 Jan 2001 00:01:30 GMT"}, {}))
    with pytest.raises(EdgeAway) as caught:
        edge.post(BATCH, 0)
    assert caught.value.wait == 90


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"ok",
        b"[]",
        b"[" * 100_000,
        {},
        {**TAKEN, "accepted": 1},
        {**TAKEN, "accepted": 3},
        {**TAKEN, "accepted": True},
        {**TAKEN, "accepted": "2"},
        {**TAKEN, "duplicate": None},
        {**TAKEN, "rejected": None},
        {**TAKEN, "accepted": 1, "rejected": [{}]},
        {**TAKEN, "accepted": 1, "rejected": ["x"]},
        {**TAKEN, "accepted": 0, "rejected": [{"line": 0, "reason": "a"}, {"line": 0, "reason": "a"}]},
    ],
)
def test_an_answer_that_does_not_add_up_takes_nothing(edge, standing_in, document):
    standing_in.script.append((200, {}, document))
    with pytest.raises(WrongAddress):
        edge.post(BATCH, 0)


def test_rejected_records_are_reported_by_line(edge, standing_in):
    standing_in.script.append(
        (200, {}, {"accepted": 1, "duplicate": False, "rejected": [{"line": 1, "reason": "why"}]})
    )
    assert dict(edge.post(BATCH, 0).rejected) == {1: "why"}


def test_an_answer_is_never_read_without_bound(edge, standing_in):
    standing_in.script.append((200, {}, b"x" * 1_000_000))
    with pytest.raises(WrongAddress, match=r"answer of .* is too long"):
        edge.post(BATCH, 0)


def cut_short(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
    handler.close_connection = True


def no_http(handler):
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


def silent(handler):
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (cut_short, EdgeAway, "was closed early"),
        (silent, EdgeAway, "can't be reached"),
        (no_http, WrongAddress, "does not speak HTTP"),
    ],
)
def test_a_broken_answer_ends_in_a_sentence(edge, standing_in, answer, kind, sentence):
    standing_in.script.append((200, {}, answer))
    with pytest.raises(kind, match=sentence):
        edge.post(BATCH, 0)


def test_an_edge_that_is_away_ends_in_a_sentence(edge_at):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EdgeAway, match=rf"localhost:{port} can't be reached: Connection refused\."):
        edge_at(f"localhost:{port}").post(BATCH, 0)


def test_a_name_that_is_not_known_ends_in_a_sentence(edge_at):
    with pytest.raises(EdgeAway, match=r"no-such-host\.invalid:8048 can't be reached: "):
        edge_at("no-such-host.invalid").post(BATCH, 0)


def test_an_edge_that_says_nothing_is_given_up(edge_at, monkeypatch):
    monkeypatch.setattr("agent.delivery.edge.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent_edge = edge_at(f"localhost:{listener.getsockname()[1]}")
        with pytest.raises(EdgeAway, match=r"can't be reached: .*timed out"):
            silent_edge.post(BATCH, 0)


def test_an_answer_that_does_not_come_is_given_up(edge, monkeypatch):
    monkeypatch.setattr("agent.delivery.edge.LONG_POLL_SECONDS", 0.2)
    with pytest.raises(EdgeAway, match="timed out"):
        edge.ask("0")


def test_a_certificate_of_nobody_we_trust_is_refused_before_anything_is_sent(edge_at, standing_in):
    with pytest.raises(EdgeAway, match=r"can't be trusted: self.signed certificate.*\. Nothing was sent\."):
        edge_at(standing_in.address, ca_file=None).post(BATCH, 0)
    assert standing_in.authorizations == set()


def test_an_expired_certificate_is_refused(edge_at, tmp_path):
    expired = make_certificate(tmp_path, dt.datetime.now(dt.UTC) - dt.timedelta(days=10))
    with stand_in(expired) as old, pytest.raises(EdgeAway, match="can't be trusted: certificate has expired"):
        edge_at(old.address, expired.certificate).post(BATCH, 0)


def test_a_certificate_for_another_name_is_refused(edge_at, tmp_path):
    other = make_certificate(tmp_path, dt.datetime.now(dt.UTC), hosts=["other.example.com"])
    with stand_in(other) as wrong, pytest.raises(EdgeAway, match="can't be trusted: Hostname mismatch"):
        edge_at(wrong.address, other.certificate).post(BATCH, 0)


def test_verification_is_always_on(certificate):
    for context in (make_context(), make_context(certificate.certificate)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_plain_http_gets_nothing(edge_at):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(EdgeAway, match=r"can't be reached: .*SSL"):
            edge_at(f"localhost:{listener.getsockname()[1]}").post(BATCH, 0)
        thread.join()
    assert TOKEN.encode() not in heard[0]


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_file_that_is_not_valid_is_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingError, match=f"The CA file {file} can't be used: "):
        make_context(file)


def test_a_new_token_takes_at_once(edge, standing_in, token_file):
    standing_in.token = "another.token"
    with pytest.raises(TokenRefused, match="answers 401: the token is not known"):
        edge.post(BATCH, 0)
    token_file.write_text("another.token")
    assert edge.post(BATCH, 0).accepted == 2


def test_the_token_is_in_no_error(edge, standing_in):
    for status in (400, 401, 404, 503):
        standing_in.script.append((status, {}, {"error": {"message": "no"}}))
        with pytest.raises(EdgeError) as caught:
            edge.post(BATCH, 0)
        assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("form", ["as written", "alone", "40 characters", "hex"])
def test_nothing_of_what_an_answer_repeats_of_the_token_is_in_an_error(edge, standing_in, form):
    [text] = forms(secrets.TOKEN)[form]
    head = {"X-Echo": secrets.TOKEN, "Retry-After": secrets.TOKEN, "Location": secrets.TOKEN}
    own, other = ({"error": {"code": code, "message": text}} for code in ("bad_agent", text[:40]))
    answers = [(400, own), (401, own), (503, own), (302, other), (401, other)]
    answers += [(403, text.encode()), (200, text.encode()), (200, {"rejected": text, text: text})]
    for status, document in answers:
        standing_in.script.append((status, head, document))
        with pytest.raises(EdgeError) as caught:
            edge.post(BATCH, 0)
        assert not traces(secrets.TOKEN, f"{caught.value!r} {caught.value.__cause__!r}")


def test_nothing_of_what_reasons_repeat_of_the_token_is_kept(edge, standing_in):
    texts = [text for texts in forms(secrets.TOKEN).values() for text in texts]
    rejected = [{"line": line, "reason": text} for line, text in enumerate(texts)]
    standing_in.script.append((200, {}, {"accepted": 0, "duplicate": True, "rejected": rejected}))
    taken = edge.post(make_batch(1_795_521_600_000, len(texts), b"{}\n" * len(texts)), 0)
    assert len(taken.rejected) == len(texts)
    assert not traces(secrets.TOKEN, " ".join(taken.rejected.values()))


@pytest.mark.parametrize(
    "said",
    [f"HTTP/1.1 {secrets.TOKEN}\r\n\r\n", f"{secrets.TOKEN}\r\n", f"HTTP/1.1 400 {secrets.TOKEN}\r\n\r\n"],
)
def test_nothing_of_a_status_line_is_in_an_error(edge, standing_in, said):
    def repeat(handler):
        handler.wfile.write(said.encode())
        handler.close_connection = True

    standing_in.script.append((200, {}, repeat))
    with pytest.raises(EdgeError) as caught:
        edge.post(BATCH, 0)
    assert not traces(secrets.TOKEN, f"{caught.value!r} {caught.value.__cause__!r}")


def test_where_the_edge_was_reached_is_known(edge, standing_in):
    assert edge.peers == frozenset()
    edge.health()
    assert {(peer.address, str(peer.port)) for peer in edge.peers} == {
        ("127.0.0.1", standing_in.address.partition(":")[2])
    }


def test_a_clock_that_is_off_is_reported_once_and_when_it_is_right_again(edge, clock, caplog):
    for wrong_by in (0, 3600, 3601, 0):
        clock.wrong_by = wrong_by
        edge.health()
    first, second = (record.message for record in caplog.records)
    assert re.fullmatch(
        r"This machine's clock is 3,60\d seconds ahead of the edge's. The times of its records .*", first
    )
    assert second == "This machine's clock agrees with the edge's again."


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026", "Tue, 24 Nov 99999 10:00:00 GMT"])
def test_a_date_that_is_not_valid_tells_nothing(date):
    assert skew_of(date, 0) is None
