"""The way out: an authority of one's own, and a proxy, each with real ones on loopback."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from azure.core.exceptions import ResourceExistsError, ServiceRequestError

from dev.azurite import StorageAccount, azurite
from dev.certificate import Certificate, make_certificate
from shared.apigw.client import GatewayClient
from shared.apigw.http import Session
from shared.apigw.token import FixedToken, VaultToken
from shared.egress import advice, check_authorities
from shared.errors import RetryLater, SettingError, StorageAway
from shared.identity import managed_identity
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service, storage_errors
from shared.storage.storage_clock import StorageClock
from shared.storage.table_client import checkpoint_table
from tests.support.identity import identity_endpoint
from tests.support.proxies import Proxy, proxying
from tests.support.servers import LocalServer, always, answer, serving
from tests.support.time import StillClock

_TOKEN = "planted-subscription-token"
_TAKEN = {"accepted": 2, "duplicate": False, "rejected": []}
_GATEWAY, _VAULT, _STORAGE = "gateway.example.com", "name.vault.azure.net", "sluice00000.blob.core.windows.net"
_TABLES = "sluice00000.table.core.windows.net"


@pytest.fixture(scope="module", name="authority")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """An authority of one's own, and all that it vouches for."""
    folder = tmp_path_factory.mktemp("authority")
    return make_certificate(folder, dt.datetime.now(dt.UTC), ("localhost", _GATEWAY, _VAULT, _STORAGE, _TABLES))


@pytest.fixture
def trusted(authority: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))


@pytest.fixture
def untrusted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def gateway(authority: Certificate) -> Iterator[LocalServer]:
    with serving(always(*answer(202, _TAKEN)), authority) as running:
        yield running


@pytest.fixture
def vault(authority: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with identity_endpoint() as identity, serving(always(*answer(200, {"value": _TOKEN})), authority) as running:
        for name, value in identity.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def storage(authority: Certificate) -> Iterator[StorageAccount]:
    with azurite(certificate=authority) as running:
        yield running.accounts[0]


def _post(url: str) -> None:
    client = GatewayClient(url, FixedToken(Secret(_TOKEN)), StillClock())
    assert client.post_flow_logs(b"gzipped", 2, "key").accepted == 2


def _read_vault(url: str) -> None:
    token = VaultToken(f"{url}/secrets/token", managed_identity(None), Session(), StillClock())
    assert token.token() == Secret(_TOKEN)


def _ask_storage(connection_string: str) -> None:
    with storage_errors("sluice00000"):
        client = blob_service(ByConnectionString(Secret(connection_string)), "FLOW_LOGS")
        next(iter(client.list_containers(retry_total=0)), None)


def _ask_tables(connection_string: str) -> None:
    clock = StillClock()
    connection = ByConnectionString(Secret(connection_string))
    table = checkpoint_table(connection, "AzureWebJobsStorage", clock, StorageClock(clock))
    with storage_errors("sluice00000"), contextlib.suppress(ResourceExistsError):
        table.create_table(retry_total=0)


@pytest.mark.usefixtures("trusted")
def test_an_authority_of_ones_own_is_trusted_by_all_that_is_asked(
    gateway: LocalServer, vault: LocalServer, storage: StorageAccount
):
    _post(gateway.url)
    _read_vault(vault.url)
    _ask_storage(storage.connection_string)
    _ask_tables(storage.connection_string)


@pytest.mark.usefixtures("untrusted")
@pytest.mark.parametrize("ineffective", [None, "SSL_CERT_FILE"])
def test_without_it_each_is_refused_with_what_to_set(
    gateway: LocalServer,
    vault: LocalServer,
    storage: StorageAccount,
    authority: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    ineffective: str | None,
):
    if ineffective:
        monkeypatch.setenv(ineffective, str(authority.certificate))
    for ask, where in (
        (_post, gateway.url),
        (_read_vault, vault.url),
        (_ask_storage, storage.connection_string),
        (_ask_tables, storage.connection_string),
    ):
        with pytest.raises(RetryLater) as trouble:
            ask(where)
        assert "set REQUESTS_CA_BUNDLE to a PEM file of all authorities to trust" in str(trouble.value)
        assert _TOKEN not in str(trouble.value)
    assert gateway.requests == vault.requests == []


@pytest.mark.usefixtures("trusted")
def test_all_is_reached_through_a_proxy_and_what_it_is_shown_are_names(
    gateway: LocalServer, vault: LocalServer, storage: StorageAccount, set_proxy: Callable[[Proxy], None]
):
    for ask, where, target in (
        (_post, f"https://{_GATEWAY}", gateway.url),
        (_read_vault, f"https://{_VAULT}", vault.url),
        (_ask_storage, f"AccountName=sluice00000;AccountKey={storage.key}", storage.blob_endpoint),
        (_ask_tables, f"AccountName=sluice00000;AccountKey={storage.key}", storage.table_endpoint),
    ):
        with proxying(target) as proxy:
            set_proxy(proxy)
            ask(where)
        host = {_post: _GATEWAY, _read_vault: _VAULT, _ask_storage: _STORAGE, _ask_tables: _TABLES}[ask]
        assert [shown.partition("\n")[0] for shown in proxy.shown] == [f"CONNECT {host}:443 HTTP/1.1"]
        assert _TOKEN not in str(proxy.shown)
        assert "Authorization" not in str(proxy.shown)


@pytest.mark.usefixtures("untrusted")
def test_a_proxy_that_inspects_tls_is_reported_by_the_certificate(
    gateway: LocalServer, set_proxy: Callable[[Proxy], None]
):
    with proxying(gateway.url) as proxy:
        set_proxy(proxy)
        with pytest.raises(RetryLater, match="of a proxy that inspects TLS, set REQUESTS_CA_BUNDLE"):
            _post(f"https://{_GATEWAY}")
    assert gateway.requests == []


@pytest.mark.usefixtures("trusted")
def test_what_no_proxy_names_is_asked_directly(gateway: LocalServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    _post(gateway.url)
    assert proxy.shown == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "address",
    [
        "{}",
        '"{}"',
        "http://127.0.0.1:1",
        "http://",
        "socks5://127.0.0.1:1080",
        "http://127.0.0.1:1\n",
        "http://user:planted@127.0.0.1:1",
    ],
)
def test_a_proxy_that_is_away_refuses_or_is_misspelt_is_named(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, address: str
):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address.format(proxy.url))
    for ask, where in (
        (_post, f"https://{_GATEWAY}"),
        (_ask_storage, "AccountName=sluice00000;AccountKey=cGxhbnRlZA=="),
    ):
        with pytest.raises(RetryLater) as trouble:
            ask(where)
        assert "Check HTTPS_PROXY" in str(trouble.value)
        assert "planted" not in str(trouble.value)


def test_a_certificate_of_another_name_or_time_is_not_a_matter_of_authorities(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    old = make_certificate(tmp_path, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(old.certificate))
    with serving(always(*answer(202, _TAKEN)), old) as gateway:
        with pytest.raises(RetryLater, match=r"Check the certificate and APIGW_URL\.$"):
            _post(gateway.url)
        assert gateway.requests == []


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "names a file that is not there"),
        (b"", "can't be read as certificates"),
        (b"planted", "can't be read as certificates"),
        (b"\x30\x82\x01\x0a", "can't be read as certificates"),
    ],
)
def test_authorities_that_can_not_be_used_are_named(tmp_path, name: str, content: bytes | None, said: str):
    file = tmp_path / "planted.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingError) as refused:
        check_authorities({name: str(file)})
    assert str(refused.value).startswith(f"The setting {name} ")
    assert said in str(refused.value)
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("form", "said"),
    [('"{}"', "is in quotes"), ("{}\n", "has a line break at its end"), ("{} ", "has a space at its end")],
)
def test_a_path_that_was_pasted_with_something_around_it_is_reported(authority: Certificate, form: str, said: str):
    with pytest.raises(SettingError, match=f"REQUESTS_CA_BUNDLE {said}"):
        check_authorities({"REQUESTS_CA_BUNDLE": form.format(authority.certificate)})


def test_authorities_that_can_be_used_pass(authority: Certificate):
    for settings in (
        {},
        {"REQUESTS_CA_BUNDLE": ""},
        {"REQUESTS_CA_BUNDLE": str(authority.certificate), "CURL_CA_BUNDLE": "not read then"},
        {"REQUESTS_CA_BUNDLE": str(authority.certificate.parent)},
    ):
        check_authorities(settings)


def test_an_error_of_unknown_cause_gets_no_advice():
    assert advice(ServiceRequestError("planted")) == ""
    loop = ValueError()
    loop.__cause__ = StorageAway("again")
    loop.__cause__.__cause__ = loop
    assert advice(loop) == ""
