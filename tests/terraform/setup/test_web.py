import datetime as dt
import ipaddress
import json
import subprocess
import sys
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dev.certificate import Certificate
from tests.support.servers import always, answer, serving
from tests.terraform.setup.conftest import SETUP

_ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import web
answer = web.request("GET", sys.argv[2], bearer="the-token", seconds=float(sys.argv[3]))
print(json.dumps([answer.status, len(answer.body), answer.trouble]))
"""


def ask(url, seconds=30, **environment):
    command = [sys.executable, "-Bc", _ASK, SETUP, url, str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "the-token" not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_an_answer_that_comes_drop_by_drop_has_an_end():
    def drops(_request):
        for _ in range(100):
            time.sleep(0.1)
            yield b"X"

    with serving(drops) as server:
        began = time.monotonic()
        assert ask(server.url, 0.5) == [0, 0, "it did not answer within 0 seconds"]
        assert time.monotonic() - began < 8


def test_an_answer_without_an_end_is_not_kept():
    with serving(always(*answer(200, b"x" * (4 * 1024 * 1024 + 1)))) as server:
        assert ask(server.url) == [200, 0, ""]


def test_a_redirect_is_an_answer():
    with serving(always(*answer(302, Location="http://127.0.0.1:1/"))) as server:
        assert ask(server.url) == [302, 0, ""]
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "environment", "trouble"),
    [
        ("ftp://127.0.0.1/", {}, "the address does not begin with https:// and a name"),
        ("file:///etc/passwd", {}, "the address does not begin with https:// and a name"),
        ("https://127.0.0.1:1/", {}, "connection refused"),
        ("https://127.0.0.1:99999/", {}, "the address has no valid host or port"),
        ("https://nowhere.invalid/", {}, "its name can't be resolved"),
        (
            "https://a.example/",
            {"HTTPS_PROXY": "socks5://127.0.0.1:1"},
            "the environment's proxy must be an http://",
        ),
        ("https://a.example/", {"HTTPS_PROXY": "127.0.0.1:1"}, "connection refused"),
        (
            "https://127.0.0.1:1/",
            {"REQUESTS_CA_BUNDLE": "/missing"},
            "the file that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE",
        ),
    ],
)
def test_why_there_is_no_answer_is_reported(url, environment, trouble):
    status, _, said = ask(url, **environment)
    assert status == 0
    assert said.startswith(trouble)


@pytest.fixture
def inspected(tmp_path):
    """A certificate as an inspecting proxy makes it, without the identifier of its authority, and that authority."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "server")}
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = dt.datetime.now(dt.UTC)

    def certificate(name, extension):
        subject, issuer = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (name, "authority"))
        end, number = now + dt.timedelta(days=1), x509.random_serial_number()
        builder = x509.CertificateBuilder(issuer, subject, keys[name].public_key(), number, now, end)
        made = builder.add_extension(extension, critical=True).sign(keys["authority"], hashes.SHA256())
        (tmp_path / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return tmp_path / f"{name}.pem"

    authority = certificate("authority", x509.BasicConstraints(ca=True, path_length=None))
    server = Certificate(certificate("server", names), tmp_path / "key.pem")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    server.key.write_bytes(keys["server"].private_bytes(*form))
    return server, authority


def test_an_authority_as_inspecting_proxies_have_it_is_trusted_where_it_is_named(inspected):
    shown, authority = inspected
    with serving(always(*answer(204)), shown) as server:
        assert ask(server.url, REQUESTS_CA_BUNDLE=str(authority)) == [204, 0, ""]
        assert ask(server.url)[2].startswith("its certificate is not trusted (")


def test_what_does_not_speak_http_is_not_shown():
    with serving(always(b"SSH-2.0-secret\r\n")) as server:
        assert ask(server.url) == [0, 0, "its answer is not HTTP"]


def test_a_proxy_that_refuses_is_reported():
    with serving(always(*answer(407))) as proxy:
        assert ask("https://a.example/", HTTPS_PROXY=proxy.url)[2] == "the proxy refuses to connect to it (HTTP 407)"
        assert "the-token" not in str(proxy.requests[0].headers)


def test_a_proxy_is_told_who_is_asking_and_nothing_more():
    with serving(always(*answer(407))) as proxy:
        ask("https://a.example/", https_proxy=proxy.url.replace("//", "//me:p%40ss@"))
        assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic bWU6cEBzcw=="
