import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from dev.azurite import StorageAccount
from dev.certificate import Certificate
from shared.apigw.client import GatewayClient
from shared.apigw.http import Session
from shared.apigw.token import FixedToken, VaultToken
from shared.errors import RetryLater, StorageAway, TokenRefused, UnexpectedAnswer
from shared.identity import managed_identity
from shared.library_logs import quiet_libraries
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service
from shared.storage.keys import Key
from shared.storage.storage_clock import StorageClock
from shared.storage.table_client import checkpoint_table
from shared.storage.tables import stored
from tests.support.identity import HEADER, access_token, identity_endpoint
from tests.support.servers import always, answer, error, in_turn, serving
from tests.support.time import StillClock

_PLANTED = "planted-token"


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger at DEBUG, then the libraries quiet."""
    caplog.set_level(logging.DEBUG)
    for name in ("azure.core", "azure.data", "azure.identity", "azure.storage", "msal", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    quiet_libraries()
    yield caplog
    logging.getLogger("test").debug("that the log was on")
    assert "that the log was on" in caplog.text


def test_the_signature_of_an_address_is_not_logged(account: StorageAccount, quiet: pytest.LogCaptureFixture):
    signature = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(container=True),
        AccountSasPermissions(write=True, create=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    text = f"BlobEndpoint={account.blob_endpoint};SharedAccessSignature={signature}"
    blob_service(ByConnectionString(Secret(text)), "FLOW_LOGS").create_container("logs")
    (planted,) = parse_qs(signature)["sig"]
    assert planted not in quiet.text
    assert quote(planted, safe="") not in quiet.text


def test_a_gateway_that_writes_the_token_where_headers_should_be_is_not_quoted(quiet: pytest.LogCaptureFixture):
    said = f"HTTP/1.1 202 -\r\nno header\r\nAuthorization: Bearer {_PLANTED}\r\n\r\n".encode()
    with serving(always(said)) as gateway, pytest.raises(UnexpectedAnswer):
        GatewayClient(gateway.url, FixedToken(Secret(_PLANTED)), StillClock()).post_flow_logs(b"", 1, "key")
    assert _PLANTED not in quiet.text


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
def test_an_identitys_token_in_a_broken_answer_is_not_quoted(
    quiet: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, kind: str
):
    with serving(always(*answer(200, f'{{"access_token":"{_PLANTED}"'.encode(), Content_Type=kind))) as endpoint:
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.url)
        monkeypatch.setenv("IDENTITY_HEADER", _PLANTED)
        with contextlib.suppress(RetryLater):
            managed_identity(None).get_token("https://vault.azure.net/.default")
        assert len(endpoint.requests) == 1
    assert _PLANTED not in quiet.text


def test_requests_to_storage_are_not_logged(account: StorageAccount, quiet: pytest.LogCaptureFixture):
    blob_service(ByConnectionString(Secret(account.connection_string)), "FLOW_LOGS").create_container("logs")
    assert quiet.records == []


def test_an_answer_of_storage_that_was_cut_short_is_not_logged(
    account: StorageAccount, quiet: pytest.LogCaptureFixture
):
    said = {"x_ms_request_id": "1", "Content_Type": "application/xml"}
    with serving(always(*answer(200, f"<{_PLANTED}".encode(), **said))) as wrong:
        text = account.connection_string.replace(account.blob_endpoint, f"{wrong.url}/{account.name}")
        with contextlib.suppress(AzureError):
            blob_service(ByConnectionString(Secret(text)), "FLOW_LOGS").create_container("logs")
        assert wrong.requests
    assert quiet.records == []


def test_requests_to_tables_are_not_logged_nor_is_what_answers_them(
    account: StorageAccount, quiet: pytest.LogCaptureFixture
):
    signature = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(object=True, container=True),
        AccountSasPermissions(read=True, write=True, create=True, add=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    said = {"x_ms_request_id": "1", "Content_Type": "application/json"}
    clock = StillClock()
    with serving(always(*answer(200, f'{{"{_PLANTED}":'.encode(), **said))) as wrong:
        for endpoint in (account.table_endpoint, wrong.url):
            text = f"TableEndpoint={endpoint};SharedAccessSignature={signature}"
            connection = ByConnectionString(Secret(text))
            table = checkpoint_table(connection, "AzureWebJobsStorage", clock, StorageClock(clock))
            with contextlib.suppress(StorageAway):
                stored(table, account.name, Key("a", "b"))
        assert wrong.requests
    assert quiet.records == []


def test_neither_token_is_logged_on_the_way_from_identity_and_vault_to_the_gateway(
    certificate: Certificate, quiet: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    held = answer(200, {"value": _PLANTED}, Content_Type="application/json")
    taken = answer(202, {"accepted": 1, "duplicate": False, "rejected": []})
    with (
        identity_endpoint() as identity,
        serving(always(*held), certificate) as vault,
        serving(in_turn(error(401, "unauthorized"), taken)) as gateway,
    ):
        for name, value in identity.environment.items():
            monkeypatch.setenv(name, value)
        tokens = VaultToken(f"{vault.url}/secrets/token", managed_identity("client"), Session(), StillClock())
        with pytest.raises(TokenRefused):
            GatewayClient(gateway.url, tokens, StillClock()).post_flow_logs(b"", 1, "key")
        (audience,) = {request.audience for request in identity.requests}
    assert not [secret for secret in (_PLANTED, HEADER, access_token(audience)) if secret in quiet.text]
