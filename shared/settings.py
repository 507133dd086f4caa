"""The environment's settings, checked once and turned into types.

The names are those of the function app's settings; `docs/settings.md` lists them for operators.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from shared.account_names import Service, account_in, spelled, tables_beside
from shared.addresses import service_address
from shared.connection_string import read_connection_string
from shared.errors import SettingError
from shared.pasted import flaws
from shared.secret import Secret

_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:00(:00)?)?)?Z?")
_ACCOUNT_NAME: Final = "FLOW_LOGS_ACCOUNT_NAME"
"""Not FLOW_LOGS__accountName: the Functions host would make addresses of that, and ignore those given (the storage
extension's StorageClientProvider, `TryGetServiceUri`)."""
_OF_AN_ACCOUNT: Final = (
    "",
    "__blobServiceUri",
    "__queueServiceUri",
    "__tableServiceUri",
    "__credential",
    "__clientId",
)
_NAMES: Final = (
    *(f"{account}{suffix}" for account in ("FLOW_LOGS", "AzureWebJobsStorage") for suffix in _OF_AN_ACCOUNT),
    _ACCOUNT_NAME,
    "APIGW_URL",
    "AZURE_CLIENT_ID",
    "BATCH_MAX_RECORDS",
    "POSTS_IN_FLIGHT",
    "SLUICE_LOG",
    "START_FROM",
    "SUBSCRIPTION_TOKEN",
    "SUBSCRIPTION_TOKEN_SECRET",
)


@dataclass(frozen=True, slots=True)
class ByConnectionString:
    """A storage account reached with a key or a shared access signature.

    Attributes:
        connection_string: With the account's name as Azure spells it.
        account_name: The account's one name, whatever the route to it; "" leaves it to the client.
    """

    connection_string: Secret
    account_name: str = ""


@dataclass(frozen=True, slots=True)
class ByIdentity:
    """A storage account reached with a managed identity.

    Attributes:
        blob_service_uri: `https://ACCOUNT.blob.core.windows.net`, or another cloud's suffix.
        table_service_uri: The same of the account's tables; "" if nothing tells it.
        client_id: The user-assigned identity's client id, None for the system-assigned one.
        account_name: The account's one name, whatever the route to it; "" leaves it to the client.
    """

    blob_service_uri: str
    table_service_uri: str
    client_id: str | None
    account_name: str = ""


type StorageConnection = ByConnectionString | ByIdentity


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """The address of a Key Vault secret that holds the subscription token."""

    uri: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured from outside.

    Attributes:
        flow_logs: The account that Network Watcher writes to.
        own_storage: The function's own account: checkpoints, watermarks, quarantine.
        apigw_url: The gateway's address without a trailing slash.
        token: The subscription token, or where it is kept.
        client_id: The app's user-assigned identity.
        start_from: The oldest hour that is delivered automatically; None means the hour of installation.
        batch_max_records: The most flow records in one post.
        posts_in_flight: The number of parallel posts for one blob.
        log_each: Whether each invocation logs a line, also one without anything to tell.
    """

    flow_logs: StorageConnection
    own_storage: StorageConnection
    apigw_url: str
    token: Secret | VaultSecret
    client_id: str | None
    start_from: datetime | None
    batch_max_records: int
    posts_in_flight: int
    log_each: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Return every setting.

        Raises:
            SettingError: Some are missing or malformed; the message names each and says what it should be.
        """
        readers: dict[str, Callable[[], Any]] = {
            "flow_logs": lambda: _flow_logs(environment),
            "own_storage": lambda: _own_storage(environment),
            "apigw_url": lambda: service_address("APIGW_URL", _required(environment, "APIGW_URL")),
            "token": lambda: _token(environment),
            "client_id": lambda: _text(environment, "AZURE_CLIENT_ID") or None,
            "start_from": lambda: _hour(environment, "START_FROM"),
            "batch_max_records": lambda: _whole_number(environment, "BATCH_MAX_RECORDS", default=10_000, most=100_000),
            "posts_in_flight": lambda: _whole_number(environment, "POSTS_IN_FLIGHT", default=4, most=64),
            "log_each": lambda: _is_each(environment, "SLUICE_LOG"),
        }
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, read in readers.items():
            try:
                values[name] = read()
            except SettingError as error:
                problems += error.problems
        if problems:
            raise SettingError(*problems)
        return cls(**values)


def parse_hour(text: str) -> datetime:
    """Return the hour that a text names in UTC, such as 2026-11-23T15; for a day its first hour.

    Raises:
        ValueError: It is not one.
    """
    if not _HOUR.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _text(environment: Mapping[str, str], name: str) -> str:
    """Return a setting as it is, "" if it is not set; raise SettingError for what was pasted along with it."""
    text = environment.get(name, "")
    if not text.strip():
        return ""
    problems = [f"The setting {name} {flaw}" for flaw in flaws(text, *_NAMES)]
    if problems:
        raise SettingError(*problems)
    return text


def _required(environment: Mapping[str, str], name: str) -> str:
    text = _text(environment, name)
    if not text:
        raise SettingError(f"The setting {name} is missing. Set it in the function app's settings.")
    return text


def _flow_logs(environment: Mapping[str, str]) -> StorageConnection:
    connection, told, _ = _storage(environment, "FLOW_LOGS")
    given = _text(environment, _ACCOUNT_NAME)
    name = spelled(given) if given else told
    if given and name is None:
        raise SettingError(
            f"The setting {_ACCOUNT_NAME} is not a valid storage account name, which is 3 to 24 letters and digits."
        )
    if name is None:
        raise SettingError(
            "The address of the flow logs' account does not contain the account's name, as "
            "https://NAME.blob.core.windows.net does. Correct it, or, for a custom domain, "
            f"set {_ACCOUNT_NAME} to that name."
        )
    if told not in {None, name}:
        raise SettingError(f"FLOW_LOGS and {_ACCOUNT_NAME} name different storage accounts. Correct one of them.")
    return replace(connection, account_name=name)


def _own_storage(environment: Mapping[str, str]) -> StorageConnection:
    connection, _, tables = _storage(environment, "AzureWebJobsStorage")
    if isinstance(connection, ByIdentity) and not tables:
        raise SettingError(
            "The address of the function's own account does not tell that of its tables. Set "
            "AzureWebJobsStorage__tableServiceUri, such as https://NAME.table.core.windows.net."
        )
    if not tables:
        raise SettingError(
            "The setting AzureWebJobsStorage does not tell the address of the account's tables. Copy all of the "
            "connection string; one with a shared access signature has a TableEndpoint."
        )
    service_address("AzureWebJobsStorage (its table endpoint)", tables)
    return connection


def _storage(environment: Mapping[str, str], name: str) -> tuple[StorageConnection, str | None, str]:
    """Return how an account is reached; which one that is, and where its tables are, if the settings tell that."""
    texts = {suffix: _text(environment, f"{name}{suffix}") for suffix in _OF_AN_ACCOUNT}
    text, uri = texts[""], texts["__blobServiceUri"]
    if text and uri:
        raise SettingError(f"Both {name} and {name}__blobServiceUri are set. Keep one of them.")
    if uri:
        address, told = _encrypted(f"{name}__blobServiceUri", uri), account_in(uri)
        tables = _tables(name, texts["__tableServiceUri"], told) or tables_beside(address)
        client_id = texts["__clientId"] or environment.get("AZURE_CLIENT_ID", "").strip() or None
        return ByIdentity(address, tables, client_id, told or _host(address)), told, tables
    if not text:
        raise SettingError(
            f"The setting {name} is missing. Set it to a connection string, or set {name}__blobServiceUri."
        )
    found = read_connection_string(name, text)
    connection = ByConnectionString(Secret(found.text), found.account or _host(found.address))
    return connection, found.account, found.tables


def _tables(name: str, text: str, account: str | None) -> str:
    address = _encrypted(f"{name}__tableServiceUri", text) if text else ""
    told = account_in(address, Service.TABLES)
    if account and told and account != told:
        raise SettingError(
            f"{name}__blobServiceUri and {name}__tableServiceUri name different storage accounts. Correct one of them."
        )
    return address


def _encrypted(name: str, text: str) -> str:
    address = service_address(name, text)
    if not address.lower().startswith("https:"):
        raise SettingError(
            f"The setting {name} begins with http://, over which the library sends no identity token. Use https://."
        )
    return address


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _token(environment: Mapping[str, str]) -> Secret | VaultSecret:
    uri = _text(environment, "SUBSCRIPTION_TOKEN_SECRET")
    text = _text(environment, "SUBSCRIPTION_TOKEN")
    if bool(uri) == bool(text):
        raise SettingError(
            "Exactly one of SUBSCRIPTION_TOKEN_SECRET (the URI of a Key Vault secret) and SUBSCRIPTION_TOKEN (the "
            "token) must be set."
        )
    if uri:
        address = service_address("SUBSCRIPTION_TOKEN_SECRET", uri)
        if not urlsplit(address).path.startswith("/secrets/"):
            raise SettingError(
                "The setting SUBSCRIPTION_TOKEN_SECRET is not the URI of a secret. "
                "It should look like https://NAME.vault.azure.net/secrets/SECRET."
            )
        return VaultSecret(address)
    if not text.isascii():
        raise SettingError(
            "The setting SUBSCRIPTION_TOKEN has characters that a token can't have. Paste only the token."
        )
    return Secret(text)


def _hour(environment: Mapping[str, str], name: str) -> datetime | None:
    text = _text(environment, name)
    if not text:
        return None
    try:
        return parse_hour(text)
    except ValueError:
        raise SettingError(
            f"The setting {name} is not a valid hour in UTC. It should look like 2026-11-23T15."
        ) from None


def _is_each(environment: Mapping[str, str], name: str) -> bool:
    text = _text(environment, name)
    if text not in {"", "each"}:
        raise SettingError(
            f'The setting {name} must be "each", for a log line for each invocation, or not set, for those that have '
            "something to tell and a summary a minute."
        )
    return text == "each"


def _whole_number(environment: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = _text(environment, name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004
        raise SettingError(f"The setting {name} must be a whole number from 1 to {most}.")
    return int(text)
