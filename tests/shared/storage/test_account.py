import base64
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
)

from dev.azurite import StorageAccount, azurite
from dev.certificate import Certificate
from shared.connection_string import read_connection_string
from shared.errors import RetryLater, SettingError, StorageAway
from shared.identity import managed_identity
from shared.secret import Secret
from shared.settings import ByConnectionString, ByIdentity, Settings
from shared.storage.account import account_name, blob_service, storage_errors
from shared.storage.answers import CheckedRetry, ForeignAnswerError
from tests.support.identity import HEADER, IdentityEndpoint, TokenRequest, access_token, identity_endpoint
from tests.support.proxies import Proxy
from tests.support.servers import always, answer, in_turn, serving

_STORAGE = "https://storage.azure.com"


def _by_string(text: str) -> ByConnectionString:
    return ByConnectionString(Secret(text))


def _settings(connection_string: str) -> dict[str, str]:
    return {
        "FLOW_LOGS": connection_string,
        "AzureWebJobsStorage": connection_string,
        "APIGW_URL": "https://gateway.example.com",
        "SUBSCRIPTION_TOKEN": "token",
    }


@pytest.fixture(scope="module")
def over_https(certificate: Certificate) -> Iterator[StorageAccount]:
    """An account of an Azurite that takes the tokens of identities."""
    with azurite(certificate=certificate) as running:
        yield running.accounts[0]


@pytest.fixture
def identity(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as endpoint:
        for name, value in endpoint.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
        yield endpoint


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CheckedRetry, "get_backoff_time", lambda *_: 0)


def _trouble(connection: ByConnectionString | ByIdentity, name: str) -> str:
    service = blob_service(connection, "FLOW_LOGS")
    with pytest.raises(StorageAway) as trouble, storage_errors(name):
        service.create_container("logs")
    assert name in str(trouble.value)
    return str(trouble.value)


def test_each_of_two_accounts_is_asked_with_its_own_key(new_account):
    accounts = [new_account(), new_account()]
    services = [blob_service(_by_string(each.connection_string), "FLOW_LOGS") for each in accounts]
    containers = [service.get_container_client("logs") for service in services]
    for container in containers:
        container.create_container()
    assert [container.exists() for container in containers] == [True, True]


def test_the_emulators_short_name_is_understood():
    assert blob_service(_by_string("UseDevelopmentStorage=true"), "FLOW_LOGS").account_name == "devstoreaccount1"


def test_an_account_that_was_written_in_capitals_is_asked_under_its_own_name(account: StorageAccount):
    text = account.connection_string.replace(f"AccountName={account.name}", f"AccountName={account.name.upper()}")
    read = read_connection_string("FLOW_LOGS", text)
    service = blob_service(_by_string(read.text), "FLOW_LOGS")
    service.create_container("logs")
    assert account_name(service) == account.name


def test_a_string_that_the_library_can_not_read_names_the_setting_and_not_its_value():
    with pytest.raises(SettingError) as refused:
        blob_service(_by_string("AccountKey=planted"), "AzureWebJobsStorage")
    assert "AzureWebJobsStorage" in str(refused.value)
    assert "planted" not in str(refused.value)


def test_an_account_is_reached_by_identity(over_https: StorageAccount, identity: IdentityEndpoint):
    service = blob_service(ByIdentity(over_https.blob_endpoint, "", "client"), "FLOW_LOGS")
    service.create_container("by-identity")
    assert service.account_name == over_https.name
    assert identity.requests == [TokenRequest("client", _STORAGE)]


def test_the_identity_is_asked_once_for_many_calls_of_several_clients(
    over_https: StorageAccount, identity: IdentityEndpoint
):
    one = cache(managed_identity)
    services = [blob_service(ByIdentity(over_https.blob_endpoint, "", None), name, one) for name in ("A", "B")]
    for number in range(3):
        for letter, service in zip("ab", services, strict=True):
            service.create_container(f"asked-once-{letter}{number}")
    assert identity.requests == [TokenRequest(None, _STORAGE)]


@pytest.mark.usefixtures("impatient")
def test_a_token_for_somebody_else_is_reported(over_https: StorageAccount, identity: IdentityEndpoint):
    content = {"access_token": access_token("https://vault.azure.net"), "expires_on": "9999999999"}
    identity.server.respond = always(*answer(200, content, Content_Type="application/json"))
    message = _trouble(ByIdentity(over_https.blob_endpoint, "", None), over_https.name)
    assert "is not accepted" in message
    assert content["access_token"] not in message


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, {"statusCode": 400, "message": HEADER}, "application/json"),
        (200, b"<html>", "text/html"),
        (200, b'{"access_token":', "application/json"),
    ],
)
def test_an_identity_that_gives_no_token_is_reported_and_the_account_is_not_blamed(
    over_https: StorageAccount, identity: IdentityEndpoint, status: int, content: object, kind: str
):
    identity.server.respond = always(*answer(status, content, Content_Type=kind))
    service = blob_service(ByIdentity(over_https.blob_endpoint, "", None), "FLOW_LOGS")
    with pytest.raises(RetryLater) as trouble, storage_errors(over_https.name):
        service.create_container("logs")
    assert str(trouble.value).startswith(f"The identity endpoint answered {status} and returned no token.")
    assert HEADER not in str(trouble.value)


def test_a_wrong_key_is_reported(new_account: Callable[[], StorageAccount]):
    account, other = new_account(), new_account()
    message = _trouble(_by_string(account.connection_string.replace(account.key, other.key)), account.name)
    assert "forbids this (AuthorizationFailure)" in message
    assert other.key not in message


def test_a_key_that_is_not_valid_is_reported(account: StorageAccount):
    message = _trouble(_by_string(account.connection_string.replace(account.key, "planted")), account.name)
    assert "is not accepted" in message
    assert "planted" not in message


@pytest.mark.usefixtures("impatient")
def test_an_account_that_is_not_there_is_reported():
    with serving(always()) as gone:
        pass
    key = base64.b64encode(b"planted").decode()
    string = f"AccountName=account;AccountKey={key};BlobEndpoint={gone.url}/account"
    assert "can't be reached (ServiceRequestError)" in _trouble(_by_string(string), "account")


@pytest.mark.usefixtures("impatient")
def test_a_busy_account_is_asked_again():
    key = base64.b64encode(b"planted").decode()
    with serving(in_turn(answer(503), (), answer(201, x_ms_request_id="1"))) as storage:
        service = blob_service(
            _by_string(f"AccountName=account;AccountKey={key};BlobEndpoint={storage.url}/account"), "FLOW_LOGS"
        )
        service.create_container("logs")
        assert len(storage.requests) == 3


def test_an_account_on_loopback_without_tls_is_asked_through_no_proxy(account: StorageAccount, proxy: Proxy):
    connection = Settings.from_environment(_settings(account.connection_string)).flow_logs
    blob_service(connection, "FLOW_LOGS").create_container("logs")
    assert proxy.shown == []


def test_an_account_over_tls_is_asked_as_the_environment_says(over_https: StorageAccount, proxy: Proxy):
    connection = Settings.from_environment(_settings(over_https.connection_string)).flow_logs
    client = blob_service(connection, "FLOW_LOGS")
    with pytest.raises(AzureError):
        client.get_service_properties(retry_total=0)
    host = urlsplit(over_https.blob_endpoint).netloc
    assert [shown.partition("\n")[0] for shown in proxy.shown] == [f"CONNECT {host} HTTP/1.1"]


def test_an_account_that_stays_away_holds_nobody_for_long(account: StorageAccount):
    policy = blob_service(_by_string(account.connection_string), "FLOW_LOGS")._config.retry_policy
    waits = [policy.get_backoff_time({"count": count}) for count in range(1, policy.total_retries + 1)]
    assert sum(waits) < 20


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://account.blob.core.windows.net", "account"),
        ("https://account.blob.core.chinacloudapi.cn", "account"),
        ("https://account.z12.blob.storage.azure.net", "account"),
        ("https://account.privatelink.blob.core.windows.net", "account"),
        ("https://ACCOUNT.blob.core.windows.net", "account"),
        ("https://Logs.example.com", "logs.example.com"),
        ("https://127.0.0.1:10000/account", "account"),
    ],
)
def test_an_account_has_a_name_under_any_address(address: str, name: str):
    by_identity = blob_service(ByIdentity(address, "", None), "FLOW_LOGS")
    by_signature = blob_service(
        _by_string(f"BlobEndpoint={address};SharedAccessSignature=sv=1&sig=planted"), "FLOW_LOGS"
    )
    for service in (by_identity, by_signature):
        assert account_name(service) == account_name(service.get_blob_client("logs", "blob")) == name


class _RefusalError(HttpResponseError):
    def __init__(self, status: int, code: str | None, told: str | None = None) -> None:
        super().__init__("planted")
        self.status_code, self.reason, self.error_code = status, "planted", code
        self.response = SimpleNamespace(headers={"x-ms-error-code": told or code} if code else {})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientAuthenticationError("planted"), "is not accepted. Check its setting."),
        (_RefusalError(403, "AuthorizationPermissionMismatch"), "forbids this (AuthorizationPermissionMismatch)"),
        (_RefusalError(500, "InternalError"), "answered 500 (InternalError)."),
        (_RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, None), "answered 503 (no storage error code)."),
        (_RefusalError(500, "Planted"), "answered 500 (no storage error code)."),
        (_RefusalError(404, "BlobNotFound", "ContainerNotFound"), "answered 404 (no storage error code)."),
        (IncompleteReadError("planted"), "connection to storage account account broke"),
        (DecodeError("planted"), "connection to storage account account broke"),
        (
            ForeignAnswerError("it is a page"),
            "Something other than storage answered for storage account account: it is",
        ),
        (DeserializationError("planted"), "returned an answer that can't be read (DeserializationError)."),
        (requests.ConnectionError("planted"), "returned an answer that can't be read (ConnectionError)."),
        (ServiceRequestError("planted"), "can't be reached (ServiceRequestError)."),
        (AzureError("planted"), "can't be reached (AzureError)."),
    ],
)
def test_what_the_library_raises_becomes_what_to_do_about_it(error: AzureError, expected: str):
    with pytest.raises(StorageAway) as trouble, storage_errors("account"):
        raise error
    assert expected in str(trouble.value)
    assert "account" in str(trouble.value)
    assert "planted" not in str(trouble.value)


def test_what_is_not_a_trouble_of_storage_passes_as_it_is():
    with pytest.raises(ZeroDivisionError), storage_errors("account"):
        raise ZeroDivisionError
