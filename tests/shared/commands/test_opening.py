import pytest
from azure.core.pipeline.policies import RetryPolicy

from shared.commands.opening import operators_identity
from shared.errors import SluiceError
from tests.support.identity import TokenRequest, access_token, identity_endpoint
from tests.support.secrets import TOKEN, traces
from tests.support.servers import always, answer

STORAGE = "https://storage.azure.com"


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """An environment that names nobody to Azure, and keeps whoever runs the tests out."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_USERNAME", "IDENTITY_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")


def test_somebody_whom_azure_does_not_know_is_told_to_sign_in():
    with pytest.raises(SluiceError, match="az login"):
        operators_identity(None).get_token(f"{STORAGE}/.default")


def test_a_command_says_so_at_once(operator):
    del operator.settings["FLOW_LOGS"]
    operator.settings["FLOW_LOGS__blobServiceUri"] = "https://127.0.0.1:1/account"
    said = operator.run("status")
    assert (said.code, said.out) == (2, "")
    assert "Sign in with `az login`" in said.err


def test_in_azure_the_identity_of_the_settings_is_used(monkeypatch):
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "prod")
    with identity_endpoint() as endpoint:
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        token = operators_identity("client").get_token(f"{STORAGE}/.default").token
        assert token == access_token(STORAGE)
        assert endpoint.requests == [TokenRequest("client", STORAGE)]


def test_in_azure_the_identity_endpoint_is_asked_directly(proxy, monkeypatch):
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "prod")
    with identity_endpoint() as endpoint:
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        assert operators_identity(None).get_token(f"{STORAGE}/.default").token == access_token(STORAGE)
    assert proxy.shown == []


def test_an_operators_sign_in_goes_through_the_environments_proxy(proxy, monkeypatch):
    monkeypatch.setattr(RetryPolicy, "sleep", lambda *_args, **_options: None)
    for name, value in {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SluiceError, match="az login"):
        operators_identity(None).get_token(f"{STORAGE}/.default")
    assert {shown.partition("\n")[0] for shown in proxy.shown} == {"CONNECT login.microsoftonline.com:443 HTTP/1.1"}


@pytest.mark.parametrize("content", [{"access_token": "x", "expires_on": TOKEN}, [TOKEN], TOKEN, {"error": TOKEN}])
def test_what_the_identity_endpoint_says_is_not_repeated(monkeypatch, content):
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "prod")
    with identity_endpoint() as endpoint:
        endpoint.server.respond = always(*answer(200, content, Content_Type="application/json"))
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SluiceError) as refused:
            operators_identity("client").get_token(f"{STORAGE}/.default")
    assert not traces(TOKEN, f"{refused.value!r} {refused.value.__cause__!r}")
