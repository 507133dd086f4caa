from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from dev.certificate import Certificate
from shared.apigw.client import GatewayClient
from shared.apigw.http import Session
from shared.apigw.token import FixedToken, VaultToken
from shared.errors import RetryLater, SettingError, SluiceError, TokenRefused
from shared.identity import managed_identity
from shared.secret import Secret
from tests.support.identity import HEADER, IdentityEndpoint, TokenRequest, access_token, identity_endpoint
from tests.support.proxies import Proxy
from tests.support.servers import LocalServer, always, answer, error, in_turn, serving
from tests.support.time import StillClock

_URI = "https://name.vault.azure.net/secrets/token"
_TOKEN = "planted-subscription-token"
_AUDIENCE = "https://vault.azure.net"
_TAKEN = {"accepted": 1, "duplicate": False, "rejected": []}


class _Resolver(HTTPAdapter):
    """Sends what is meant for the vault to a server on loopback."""

    def __init__(self, server: LocalServer) -> None:
        super().__init__()
        self._address = urlsplit(server.url).netloc

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        request.headers["Host"] = urlsplit(request.url).netloc
        request.url = urlsplit(request.url)._replace(netloc=self._address).geturl()
        return super().send(request, **options)


@pytest.fixture(scope="module", name="running_identity")
def _running_identity() -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as running:
        yield running


@pytest.fixture
def identity(running_identity: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> IdentityEndpoint:
    running_identity.server.requests.clear()
    for name, value in running_identity.environment.items():
        monkeypatch.setenv(name, value)
    return running_identity


@pytest.fixture(scope="module", name="running_vault")
def _running_vault(certificate: Certificate) -> Iterator[LocalServer]:
    with serving(always(), certificate) as running:
        yield running


@pytest.fixture
def vault(running_vault: LocalServer, identity: IdentityEndpoint) -> LocalServer:
    assert not identity.requests
    running_vault.requests.clear()
    _put(running_vault, _TOKEN)
    return running_vault


@pytest.fixture
def session(vault: LocalServer, certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    session = Session()
    session.mount("https://name.vault.", _Resolver(vault))
    return session


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def token(session: Session, clock: StillClock) -> VaultToken:
    return VaultToken(_URI, managed_identity("client"), session, clock)


def _put(vault: LocalServer, value: str) -> None:
    vault.respond = always(*answer(200, {"value": value, "id": _URI}, Content_Type="application/json"))


def _trouble(token: VaultToken) -> SluiceError:
    with pytest.raises(SluiceError) as trouble:
        token.token()
    assert _TOKEN not in str(trouble.value)
    assert access_token(_AUDIENCE) not in str(trouble.value)
    assert HEADER not in str(trouble.value)
    return trouble.value


def test_a_fixed_token_is_all_there_ever_is():
    token = FixedToken(Secret(_TOKEN))
    assert token.token() == Secret(_TOKEN)
    assert not token.renew(Secret(_TOKEN))


def test_the_vault_is_read_with_the_apps_identity(vault: LocalServer, identity: IdentityEndpoint, token: VaultToken):
    assert token.token() == Secret(_TOKEN)
    (request,) = vault.requests
    assert (request.method, request.path) == ("GET", "/secrets/token?api-version=7.4")
    assert request.headers["Host"] == "name.vault.azure.net"
    assert request.headers["Authorization"] == f"Bearer {access_token(_AUDIENCE)}"
    assert identity.requests == [TokenRequest("client", _AUDIENCE)]


def test_a_vault_of_another_cloud_has_another_audience(
    vault: LocalServer, identity: IdentityEndpoint, session: Session, clock: StillClock
):
    VaultToken("https://name.vault.azure.cn/secrets/token/5", managed_identity(None), session, clock).token()
    assert identity.requests == [TokenRequest(None, "https://vault.azure.cn")]
    assert vault.requests[0].path == "/secrets/token/5?api-version=7.4"


def test_the_token_is_kept_for_an_hour(vault: LocalServer, token: VaultToken, clock: StillClock):
    token.token()
    _put(vault, "newer")
    clock.move(3600)
    assert token.token() == Secret(_TOKEN)
    clock.move(1)
    assert token.token() == Secret("newer")
    assert len(vault.requests) == 2


def test_many_threads_at_once_read_the_vault_once(vault: LocalServer, token: VaultToken):
    with ThreadPoolExecutor(8) as pool:
        assert {each.reveal for each in pool.map(lambda _: token.token(), range(32))} == {_TOKEN}
    assert len(vault.requests) == 1


def test_the_identity_is_asked_once_for_many_reads(
    vault: LocalServer, identity: IdentityEndpoint, token: VaultToken, clock: StillClock
):
    for _ in range(5):
        token.token()
        clock.move(3601)
    assert (len(vault.requests), len(identity.requests)) == (5, 1)


def test_a_refused_token_is_read_again(vault: LocalServer, token: VaultToken):
    refused = token.token()
    assert not token.renew(refused)
    _put(vault, "newer")
    assert token.renew(refused)
    assert token.token() == Secret("newer")
    assert len(vault.requests) == 3


def test_a_refusal_of_a_token_that_is_no_longer_used_costs_no_read(vault: LocalServer, token: VaultToken):
    token.token()
    assert token.renew(Secret("of last week"))
    assert len(vault.requests) == 1


def test_a_rotated_token_takes_at_once(vault: LocalServer, token: VaultToken):
    with serving(
        in_turn(answer(202, _TAKEN), error(401, "unauthorized"), answer(202, _TAKEN), answer(202, _TAKEN))
    ) as gateway:
        client = GatewayClient(gateway.url, token, StillClock())
        client.post_flow_logs(b"gzipped", 1, "first")
        _put(vault, "newer")
        client.post_flow_logs(b"gzipped", 1, "second")
        client.post_flow_logs(b"gzipped", 1, "third")
        assert [request.headers["Authorization"] for request in gateway.requests] == [
            f"Bearer {_TOKEN}",
            f"Bearer {_TOKEN}",
            "Bearer newer",
            "Bearer newer",
        ]
    assert len(vault.requests) == 2


def test_a_token_that_was_not_rotated_is_refused_after_one_try(vault: LocalServer, token: VaultToken):
    with serving(always(*error(401, "unauthorized"))) as gateway:
        with pytest.raises(TokenRefused):
            GatewayClient(gateway.url, token, StillClock()).post_flow_logs(b"gzipped", 1, "key")
        assert len(gateway.requests) == 1
    assert len(vault.requests) == 2


def test_after_five_days_of_refusals_the_new_token_is_found(vault: LocalServer, token: VaultToken, clock: StillClock):
    with serving(always(*error(401, "unauthorized"))) as gateway:
        client = GatewayClient(gateway.url, token, clock)
        for _ in range(5):
            clock.move(24 * 3600)
            with pytest.raises(TokenRefused):
                client.post_flow_logs(b"gzipped", 1, "key")
        _put(vault, "newer")
        gateway.respond = in_turn(error(401, "unauthorized"), answer(202, _TAKEN))
        assert client.post_flow_logs(b"gzipped", 1, "key").accepted == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_vault_that_refuses_the_identity_names_the_role(vault: LocalServer, token: VaultToken, status: int):
    vault.respond = always(*answer(status, {"error": {"message": access_token(_AUDIENCE)}}))
    trouble = _trouble(token)
    assert isinstance(trouble, RetryLater)
    assert "Key Vault Secrets User" in str(trouble)


def test_a_vault_without_the_secret_names_the_setting(vault: LocalServer, token: VaultToken):
    vault.respond = always(*answer(404))
    trouble = _trouble(token)
    assert isinstance(trouble, SettingError)
    assert "SUBSCRIPTION_TOKEN_SECRET" in str(trouble)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, {"value": _TOKEN}),
        (429, {"value": _TOKEN}),
        (302, {"value": _TOKEN}),
        (200, b""),
        (200, f"<html>{_TOKEN}"),
        (200, b"\xff" + _TOKEN.encode()),
        (200, b"[" * 100_000),
        (200, []),
        (200, {}),
        (200, {"value": None}),
        (200, {"value": ""}),
        (200, {"value": " \n"}),
        (200, {"value": f"Bearer {_TOKEN}"}),
        (200, {"value": f"{_TOKEN}\r\nX: y"}),
        (200, {"value": f"{_TOKEN}\u00e9"}),
    ],
)
def test_a_vault_that_gives_no_token_is_read_again_later(
    vault: LocalServer, token: VaultToken, status: int, content: object
):
    vault.respond = always(*answer(status, content, Location="//["))
    trouble = _trouble(token)
    assert isinstance(trouble, RetryLater)
    assert f"(it answered {status})" in str(trouble)
    _put(vault, _TOKEN)
    assert token.token() == Secret(_TOKEN)


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (f'"{_TOKEN}"', "is in quotes"),
        (f"\u201c{_TOKEN}\u201d\n", "is in quotes"),
        (f"SUBSCRIPTION_TOKEN={_TOKEN}", "begins with a name"),
        (f"\ufeff{_TOKEN}", "has an invisible character in it (U+FEFF)"),
        (f"{_TOKEN}\n{_TOKEN}", "has several lines"),
    ],
)
def test_what_was_pasted_into_the_vault_along_with_the_token_is_named(
    vault: LocalServer, token: VaultToken, value: str, flaw: str
):
    _put(vault, value)
    assert f"The secret's value {flaw}" in str(_trouble(token))


def test_an_end_of_line_after_the_token_is_left_out(vault: LocalServer, token: VaultToken):
    _put(vault, f"{_TOKEN}\n")
    assert token.token() == Secret(_TOKEN)


def test_a_vault_that_hangs_up_is_read_again_later(vault: LocalServer, token: VaultToken):
    vault.respond = always()
    assert "can't be reached" in str(_trouble(token))


def test_a_vault_with_a_certificate_of_its_own_is_not_trusted(
    vault: LocalServer, token: VaultToken, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    assert "can't be reached (SSLError)" in str(_trouble(token))
    assert not vault.requests


def test_a_redirect_of_the_vault_is_never_followed(vault: LocalServer, token: VaultToken):
    with serving(always(*answer(200, {"value": "of somebody else"}))) as elsewhere:
        vault.respond = always(*answer(307, Location=elsewhere.url))
        assert "(it answered 307)" in str(_trouble(token))
        assert not elsewhere.requests


@pytest.mark.usefixtures("identity")
def test_a_vault_on_loopback_without_tls_is_asked_through_no_proxy(clock: StillClock, proxy: Proxy):
    with serving(always(*answer(200, {"value": _TOKEN}))) as plain:
        uri = f"{plain.url}/secrets/token"
        assert VaultToken(uri, managed_identity("client"), Session(), clock).token() == Secret(_TOKEN)
    assert proxy.shown == []


def test_a_netrc_entry_does_not_replace_the_identitys_token(
    vault: LocalServer, token: VaultToken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    token.token()
    assert vault.requests[0].headers["Authorization"] == f"Bearer {access_token(_AUDIENCE)}"


@pytest.mark.parametrize(
    ("status", "content", "kind", "advice"),
    [
        (400, {"statusCode": 400, "message": f"no such identity {HEADER}"}, "application/json", "AZURE_CLIENT_ID"),
        (200, f'{{"access_token": "{access_token(_AUDIENCE)}"', "application/json", "IDENTITY_ENDPOINT"),
        (200, f"<html>{HEADER}", "text/html", "IDENTITY_ENDPOINT"),
        (200, b"[]", "application/json", "IDENTITY_ENDPOINT"),
        (
            200,
            {"access_token": access_token(_AUDIENCE), "expires_on": "soon"},
            "application/json",
            "IDENTITY_ENDPOINT",
        ),
        (200, {}, "application/json", "IDENTITY_ENDPOINT"),
    ],
)
def test_an_identity_that_gives_no_token_is_named_and_the_vault_is_not_blamed(
    vault: LocalServer,
    status: int,
    content: object,
    kind: str,
    advice: str,
    clock: StillClock,
    monkeypatch: pytest.MonkeyPatch,
):
    body = content.encode() if isinstance(content, str) else content
    with serving(always(*answer(status, body, Content_Type=kind))) as endpoint:
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.url)
        trouble = _trouble(VaultToken(_URI, managed_identity("client"), Session(), clock))
    assert isinstance(trouble, RetryLater)
    assert advice in str(trouble)
    assert "vault" not in str(trouble)
    assert not vault.requests


def test_an_identitys_token_that_no_header_can_carry_is_named_and_not_quoted(
    vault: LocalServer, identity: IdentityEndpoint, token: VaultToken
):
    content = {"access_token": f"{access_token(_AUDIENCE)}\r\nX: y", "expires_on": "9999999999"}
    identity.server.respond = always(*answer(200, content, Content_Type="application/json"))
    assert "characters that a token can't have" in str(_trouble(token))
    assert not vault.requests
