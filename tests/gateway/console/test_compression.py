import gzip
import re
import socket
import zlib
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import Headers

from gateway.console.compression import takes_gzip
from tests.gateway.console.setup.configured import configuration

PAGES = [
    *("/", "/traffic", "/conversations", "/timeline", "/top", "/rules", "/exposed", "/account"),
    *("/setup/tokens", "/setup/flow-logs", "/setup/flow-logs/new", "/setup/registrations", "/setup/items"),
    *("/setup/attributes", "/setup/blueprints", "/setup/retention", "/setup/audit-log"),
]
SECRETS = re.compile(r'(?:name="csrf" value=|X-CSRF-Token&#34;: &#34;|X-CSRF-Token": )"([^"]+)"')


def _encoding(answer):
    return answer.headers.get("Content-Encoding"), answer.headers.get("Vary")


def _raw(person, path, headers):
    """Return what goes over the wire, head and body."""
    place = urlsplit(person.url)
    cookie = "; ".join(f"{each.name}={each.value}" for each in person.session.cookies)
    lines = [f"GET {path} HTTP/1.1", f"Host: {place.netloc}", f"Cookie: {cookie}", "Connection: close", *headers]
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        parts = b""
        while part := connection.recv(65536):
            parts += part
    return parts.split(b"\r\n\r\n", 1)


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_compressed(administrator, path):
    answer = administrator.get(path)
    assert answer.status_code == 200
    assert _encoding(answer) == ("gzip", "Accept-Encoding")
    plain = administrator.get(path, headers={"Accept-Encoding": "identity"})
    assert _encoding(plain) == (None, "Accept-Encoding")
    assert int(answer.headers["Content-Length"]) < len(plain.content) / 2


@pytest.mark.usefixtures("posted")
def test_a_compressed_page_is_the_same_page_and_as_long_as_it_says(administrator):
    head, body = _raw(administrator, "/setup/audit-log", ["Accept-Encoding: gzip"])
    assert f"content-length: {len(body)}".encode() in head.lower()
    plain = administrator.get("/setup/audit-log", headers={"Accept-Encoding": "identity"}).text
    assert SECRETS.sub("", gzip.decompress(body).decode()) == SECRETS.sub("", plain)


def test_a_head_request_is_answered_like_get_without_the_page(administrator):
    answer = administrator.session.head(administrator.url + "/setup/tokens", timeout=20)
    assert _encoding(answer) == ("gzip", "Accept-Encoding")
    assert answer.content == b""


def test_a_session_s_secret_looks_different_in_each_answer(administrator):
    one, other = ({*SECRETS.findall(administrator.get("/account").text)} for _ in range(2))
    assert len(one) == len(other) == 1
    assert one.isdisjoint(other)
    # And as no part of the other, which compression would find.
    (first,), (second,) = one, other
    assert not any(first[start : start + 8] in second for start in range(len(first) - 8))


def test_no_page_holds_the_secret_as_it_is_kept(administrator, gateway, team):
    ((secret,),) = gateway.stores.database.run(
        """SELECT csrf FROM sessions JOIN users ON users.id = user
           WHERE customer = ? AND role = 'administrator'""",
        team.customer,
    )
    for path in PAGES:
        assert secret not in administrator.get(path).text, path


def test_a_page_that_shows_a_new_token_is_not_compressed(administrator, clock):
    ends = clock.now().date().isoformat()
    answer = administrator.send("/setup/tokens", {"kind": "ingest", "purpose": "Production", "ends": ends})
    assert answer.status_code == 201
    assert "Content-Encoding" not in answer.headers


def test_answers_to_forms_are_not_compressed(administrator):
    answer = administrator.send("/setup/tokens", {"purpose": "", "ends": ""})
    assert answer.status_code == 422
    assert "Content-Encoding" not in answer.headers


def test_downloads_are_not_compressed_on_the_way(administrator):
    administrator.send("/setup/flow-logs/new", configuration("account1"))
    answer = administrator.send("/setup/flow-logs/azure-production/scripts")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert "Content-Encoding" not in answer.headers


def test_answers_of_the_api_are_never_compressed(machine, new_user, team):
    name = new_user(team.customer)
    form = {"username": name, "password": "a password of tests", "token": "true"}
    headers = {"Accept-Encoding": "gzip"}
    auth = machine.call("POST", "/auth", data=form, headers=headers)
    bearer = headers | {"Authorization": f"Bearer {auth.text}"}
    made = machine.call("POST", "/qas/subscription-token", json={"expiry": 500000}, headers=bearer)
    described = machine.call("GET", "/openapi.json", headers=headers)
    assert [answer.status_code for answer in (auth, made, described)] == [201, 201, 200]
    assert not any("Content-Encoding" in answer.headers for answer in (auth, made, described))


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_exports_still_stream(administrator, suffix):
    with administrator.get(f"/traffic/export.{suffix}?range=all", stream=True) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Encoding" not in answer.headers
        assert len(answer.content) > 10_000


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("GZIP", True),
        ("*", True),
        ("gzip; q=0.001", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("br", False),
        ("identity", False),
        ("not-gzip", False),
        ("", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accepted, taken):
    assert takes_gzip(Headers({"Accept-Encoding": accepted})) == taken


def test_who_says_nothing_of_encodings_gets_none():
    assert not takes_gzip(Headers({}))


@pytest.mark.parametrize("name", ["vendor/htmx/htmx.min.js", "vendor/uplot/uPlot.iife.min.js", "console.css"])
def test_scripts_and_styles_are_compressed_beforehand(nobody, name):
    compressed = nobody.get(f"/static/{name}")
    plain = nobody.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
    assert _encoding(compressed) == ("gzip", "Accept-Encoding")
    assert _encoding(plain) == (None, "Accept-Encoding")
    assert compressed.content == plain.content
    assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert compressed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_file_that_is_known_is_not_sent_again_in_either_form(nobody, encoding):
    headers = {"Accept-Encoding": encoding}
    etag = nobody.get("/static/console.css", headers=headers).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = nobody.get("/static/console.css", headers=headers | {"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert (again.headers["ETag"], again.headers["Vary"]) == (etag, "Accept-Encoding")
        assert "Content-Encoding" not in again.headers


def test_a_file_in_the_other_form_is_sent_again(nobody):
    etag = nobody.get("/static/console.css", headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    plain = {"Accept-Encoding": "identity", "If-None-Match": etag}
    assert nobody.get("/static/console.css", headers=plain).status_code == 200


def test_compressed_files_are_the_same_at_every_start(nobody):
    _, body = _raw(nobody, "/static/console.css", ["Accept-Encoding: gzip"])
    assert body[4:8] == bytes(4)  # no time in the header of gzip (RFC 1952)
    assert zlib.decompress(body, 31) == nobody.get("/static/console.css").content
