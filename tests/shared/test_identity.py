import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.core.pipeline.policies import RetryPolicy

from shared.errors import RetryLater, SettingError
from shared.identity import managed_identity
from tests.support.identity import HEADER, IdentityEndpoint, TokenRequest, access_token, identity_endpoint
from tests.support.proxies import Proxy
from tests.support.servers import always, answer, serving

_STORAGE, _VAULT = "https://storage.azure.com", "https://vault.azure.net"
_VARIABLES = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_TENANT_ID")


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an identity, on which nobody waits to ask again."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(RetryPolicy, "sleep", lambda *_args, **_options: None)


@pytest.fixture
def workload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod with a workload identity."""
    (tmp_path / "token").write_text("planted-assertion")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def _ask(client_id: str | None = None, audience: str = _VAULT) -> str:
    return managed_identity(client_id).get_token(f"{audience}/.default").token


def _trouble(client_id: str | None = None) -> str:
    with pytest.raises(RetryLater) as trouble:
        _ask(client_id)
    assert HEADER not in str(trouble.value)
    return str(trouble.value)


@pytest.mark.parametrize("client_id", ["client", None])
def test_the_endpoint_is_asked_for_the_identity_that_is_meant(endpoint: IdentityEndpoint, client_id: str | None):
    assert _ask(client_id) == access_token(_VAULT)
    assert endpoint.requests == [TokenRequest(client_id, _VAULT)]


def test_many_threads_at_once_ask_the_endpoint_once_for_each_audience(endpoint: IdentityEndpoint):
    identity = managed_identity(None)
    audiences = [_STORAGE, _VAULT] * 8
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda audience: identity.get_token(f"{audience}/.default").token, audiences))
    assert tokens == list(map(access_token, audiences))
    assert sorted(request.audience for request in endpoint.requests) == [_STORAGE, _VAULT]


@pytest.mark.usefixtures("endpoint")
def test_the_endpoint_is_asked_directly_whatever_the_environment_says_of_proxies(proxy: Proxy):
    assert _ask() == access_token(_VAULT)
    assert proxy.shown == []


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("exceptions", ["", "localhost", "169.254.169.254", "example.com", "*"])
def test_nor_does_it_matter_what_the_environment_excepts_from_proxies(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, exceptions: str
):
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert _ask() == access_token(_VAULT)
    assert proxy.shown == []


def _on_a_vm(url: str) -> dict[str, str]:
    return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url}


def _with_arc(url: str) -> dict[str, str]:
    return {"IDENTITY_ENDPOINT": f"{url}/metadata/identity/oauth2/token", "IMDS_ENDPOINT": url}


def _in_machine_learning(url: str) -> dict[str, str]:
    return {"MSI_ENDPOINT": f"{url}/msi/token", "MSI_SECRET": HEADER}


def _in_cloud_shell(url: str) -> dict[str, str]:
    return {"MSI_ENDPOINT": f"{url}/oauth2/token"}


@pytest.mark.parametrize("environment", [_on_a_vm, _with_arc, _in_machine_learning, _in_cloud_shell])
def test_every_kind_of_endpoint_is_asked_directly(environment, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    content = {"access_token": "token", "expires_in": "3600", "expires_on": "9999999999", "resource": _VAULT}
    with serving(always(*answer(200, content, Content_Type="application/json"))) as endpoint:
        for name, value in environment(endpoint.url).items():
            monkeypatch.setenv(name, value)
        with contextlib.suppress(RetryLater):  # Arc goes on with a key file, which is not there
            _ask()
        assert len(endpoint.requests) == 1
    assert proxy.shown == []


@pytest.mark.usefixtures("workload")
def test_a_workload_identity_asks_entra_as_the_environment_says(proxy: Proxy):
    assert "can't be reached" in _trouble()
    assert {shown.partition("\n")[0] for shown in proxy.shown} == {"CONNECT login.microsoftonline.com:443 HTTP/1.1"}
    assert "planted-assertion" not in str(proxy.shown)


@pytest.mark.usefixtures("workload")
def test_a_workload_identity_without_a_client_id_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AZURE_CLIENT_ID")
    with pytest.raises(SettingError, match="AZURE_CLIENT_ID"):
        managed_identity(None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_header_or_without(endpoint: IdentityEndpoint, status: int):
    with serving(always(*answer(200, {"access_token": "stolen", "expires_on": "9999999999"}))) as elsewhere:
        endpoint.server.respond = always(*answer(status, Location=f"{elsewhere.url}/msi/token"))
        assert f"answered {status} and returned no token" in _trouble()
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"access_token":"a","expires_on":"soon"}',
        b'{"access_token":"a","expires_on":1e999}',
        b'{"access_token":["a"],"expires_on":"4102444800"}',
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_an_answer_that_can_not_be_read_blames_nobodys_setting(endpoint: IdentityEndpoint, content: bytes, kind: str):
    endpoint.server.respond = always(*answer(200, content, Content_Type=kind))
    message = _trouble()
    assert "answered 200 and returned no token" in message
    assert "AZURE_CLIENT_ID" not in message


@pytest.mark.parametrize("status", [400, 403])
def test_an_endpoint_that_refuses_names_what_the_identity_depends_on(endpoint: IdentityEndpoint, status: int):
    endpoint.server.respond = always(*answer(status, {"statusCode": status, "message": HEADER}))
    message = _trouble()
    assert f"answered {status}" in message
    assert "Check AZURE_CLIENT_ID, and that the identity is assigned to the app" in message


def test_an_endpoint_that_is_out_of_order_blames_nobodys_setting(endpoint: IdentityEndpoint):
    endpoint.server.respond = always(*answer(503))
    assert "AZURE_CLIENT_ID" not in _trouble("client")


def test_an_endpoint_that_is_not_there_blames_nobodys_setting(endpoint: IdentityEndpoint):
    endpoint.server.respond = always()
    message = _trouble("client")
    assert "can't be reached" in message
    assert "AZURE_CLIENT_ID" not in message
