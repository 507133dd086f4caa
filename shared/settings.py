"""What the environment says, checked once and turned into types.

The names are those of the function app's settings; `docs/settings.md` lists them for operators.
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from shared.errors import SettingError
from shared.secret import Secret

_HOUR = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:00(:00)?)?)?Z?")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")


@dataclass(frozen=True, slots=True)
class ByConnectionString:
    """A storage account reached with a key or a shared access signature."""

    connection_string: Secret


@dataclass(frozen=True, slots=True)
class ByIdentity:
    """A storage account reached with a managed identity.

    Attributes:
        blob_service_uri: `https://ACCOUNT.blob.core.windows.net`, or another cloud's suffix.
        client_id: the user-assigned identity's client id, None for the system-assigned one.
    """

    blob_service_uri: str
    client_id: str | None


type StorageConnection = ByConnectionString | ByIdentity


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """The address of a Key Vault secret that holds the subscription token."""

    uri: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the ingester is told from outside.

    Attributes:
        flow_logs: the account that Network Watcher writes to.
        own_storage: the function's own account: checkpoints, watermarks, quarantine.
        apigw_url: the gateway's address without a trailing slash.
        token: the subscription token, or where it is kept.
        client_id: the app's user-assigned identity.
        start_from: the oldest hour that is read without asking; None means the hour of installation.
        batch_max_records: flow records in one post, at most.
        posts_in_flight: posts on the wire at one time for one blob.
    """

    flow_logs: StorageConnection
    own_storage: StorageConnection
    apigw_url: str
    token: Secret | VaultSecret
    client_id: str | None
    start_from: datetime | None
    batch_max_records: int
    posts_in_flight: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read every setting.

        Raises:
            SettingError: some are missing or malformed; the message names each and says what it should be.
        """
        client_id = environment.get("AZURE_CLIENT_ID", "").strip() or None
        readers: dict[str, Callable[[], Any]] = {
            "flow_logs": lambda: _storage(environment, "FLOW_LOGS", client_id),
            "own_storage": lambda: _storage(environment, "AzureWebJobsStorage", client_id),
            "apigw_url": lambda: _service_address("APIGW_URL", _required(environment, "APIGW_URL")),
            "token": lambda: _token(environment),
            "start_from": lambda: _hour(environment, "START_FROM"),
            "batch_max_records": lambda: _whole_number(environment, "BATCH_MAX_RECORDS", default=10_000, most=100_000),
            "posts_in_flight": lambda: _whole_number(environment, "POSTS_IN_FLIGHT", default=4, most=64),
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
        return cls(client_id=client_id, **values)


def parse_hour(text: str) -> datetime:
    """Read an hour in UTC, such as 2026-11-23T15, or a day for its first hour.

    Raises:
        ValueError: it is none.
    """
    if not _HOUR.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingError(f"The setting {name} is missing. Set it in the function app's settings.")
    return value


def _storage(environment: Mapping[str, str], name: str, client_id: str | None) -> StorageConnection:
    uri = environment.get(f"{name}__blobServiceUri", "").strip()
    text = environment.get(name, "").strip()
    if text and uri:
        raise SettingError(f"Both {name} and {name}__blobServiceUri are set. Keep one of the two.")
    if uri:
        address = _service_address(f"{name}__blobServiceUri", uri)
        if not address.lower().startswith("https:"):
            raise SettingError(
                f"The setting {name}__blobServiceUri begins with http://, where the library sends no identity's token. "
                "Use https://."
            )
        return ByIdentity(address, environment.get(f"{name}__clientId", "").strip() or client_id)
    if not text:
        raise SettingError(
            f"The setting {name} is missing. Set it to a connection string, or set {name}__blobServiceUri."
        )
    if text != "UseDevelopmentStorage=true":
        _check_connection_string(name, text)
    return ByConnectionString(Secret(text))


def _check_connection_string(name: str, text: str) -> None:
    # Taken apart as the storage library does it: names in any case, but not with blanks around them.
    parts = {key.upper(): value for key, _, value in (part.partition("=") for part in text.split(";"))}
    account = parts.get("ACCOUNTNAME", "")
    # The account's name is in messages, so a key that was pasted in its place must not pass for one.
    named = _ACCOUNT.fullmatch(account) is not None
    if "ACCOUNTKEY" in parts:
        authorised = named and _is_base64(parts["ACCOUNTKEY"])
    else:
        authorised = bool(parts.get("SHAREDACCESSSIGNATURE"))
    endpoint = parts.get("BLOBENDPOINT")
    if not authorised or not (named or endpoint):
        raise SettingError(
            f"The setting {name} is no storage connection string. "
            "Copy it whole from the storage account's access keys; it has AccountName and AccountKey."
        )
    protocol, suffix = parts.get("DEFAULTENDPOINTSPROTOCOL", "https"), parts.get("ENDPOINTSUFFIX", "core.windows.net")
    _service_address(f"{name} (its blob endpoint)", endpoint or f"{protocol}://{account}.blob.{suffix}")


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def _service_address(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        host, port_is_fine = "", False
    whole = bool(host) and port_is_fine and text.isprintable() and " " not in text
    if not whole or parts.scheme not in {"http", "https"}:
        raise SettingError(f"The setting {name} is no web address. It should look like https://name.example.com.")
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise SettingError(f"The setting {name} carries more than an address. Leave out user, password, ? and #.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise SettingError(f"The setting {name} begins with http://, which anyone on the way can read. Use https://.")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(environment: Mapping[str, str]) -> Secret | VaultSecret:
    uri = environment.get("SUBSCRIPTION_TOKEN_SECRET", "").strip()
    text = environment.get("SUBSCRIPTION_TOKEN", "").strip()
    if bool(uri) == bool(text):
        raise SettingError(
            "Exactly one of SUBSCRIPTION_TOKEN_SECRET (a Key Vault secret's URI) and SUBSCRIPTION_TOKEN (the token) "
            "is needed."
        )
    if uri:
        address = _service_address("SUBSCRIPTION_TOKEN_SECRET", uri)
        if not urlsplit(address).path.startswith("/secrets/"):
            raise SettingError(
                "The setting SUBSCRIPTION_TOKEN_SECRET is no secret's URI. "
                "It should look like https://NAME.vault.azure.net/secrets/SECRET."
            )
        return VaultSecret(address)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise SettingError("The setting SUBSCRIPTION_TOKEN has blanks or odd characters in it. Paste the token alone.")
    return Secret(text)


def _hour(environment: Mapping[str, str], name: str) -> datetime | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        return parse_hour(text)
    except ValueError:
        raise SettingError(f"The setting {name} is no hour in UTC. It should look like 2026-11-23T15.") from None


def _whole_number(environment: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):  # noqa: PLR2004
        raise SettingError(f"The setting {name} is no whole number from 1 to {most}.")
    return int(text)
