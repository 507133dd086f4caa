from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.policies import RetryPolicy

from shared.identity import managed_identity
from tests.support.identity import HEADER, IdentityEndpoint, TokenRequest, access_token, identity_endpoint
from tests.support.servers import always, answer

_STORAGE, _VAULT = "https://storage.azure.com", "https://vault.azure.net"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.mark.parametrize("client_id", ["client", None])
def test_the_endpoint_is_asked_for_the_identity_that_is_meant(endpoint: IdentityEndpoint, client_id: str | None):
    assert managed_identity(client_id).get_token(f"{_VAULT}/.default").token == access_token(_VAULT)
    assert endpoint.requests == [TokenRequest(client_id, _VAULT)]


def test_many_threads_at_once_ask_the_endpoint_once_for_each_audience(endpoint: IdentityEndpoint):
    identity = managed_identity(None)
    audiences = [_STORAGE, _VAULT] * 8
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda audience: identity.get_token(f"{audience}/.default").token, audiences))
    assert tokens == list(map(access_token, audiences))
    assert sorted(request.audience for request in endpoint.requests) == [_STORAGE, _VAULT]


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
def test_an_answer_that_can_not_be_read_is_a_refusal_and_no_bug(endpoint: IdentityEndpoint, content: bytes, kind: str):
    endpoint.server.respond = always(*answer(200, content, Content_Type=kind))
    with pytest.raises(ClientAuthenticationError):
        managed_identity(None).get_token(f"{_VAULT}/.default")


@pytest.mark.parametrize("status", [400, 403])
def test_an_endpoint_that_refuses_is_told_alike(endpoint: IdentityEndpoint, status: int):
    endpoint.server.respond = always(*answer(status, {"statusCode": status, "message": HEADER}))
    with pytest.raises(ClientAuthenticationError) as refused:
        managed_identity(None).get_token(f"{_VAULT}/.default")
    assert HEADER not in str(refused.value)


def test_an_endpoint_that_is_not_there_is_told_alike(endpoint: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(RetryPolicy, "sleep", lambda *_: None)
    endpoint.server.respond = always()
    with pytest.raises(ClientAuthenticationError):
        managed_identity(None).get_token(f"{_VAULT}/.default")
