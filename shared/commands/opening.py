"""From the settings to the parts that commands work with; nothing is read or written yet."""

import argparse
import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient

from shared.apigw.client import GatewayClient
from shared.apigw.token import TokenSource
from shared.clock import Clock, SystemClock
from shared.delivery.breaker import Refusals
from shared.delivery.horizon import Horizon
from shared.delivery.means import Means
from shared.egress import check_authorities
from shared.errors import SettingError, SluiceError
from shared.identity import IdentityTransport
from shared.ingester import token_source
from shared.library_logs import quiet_libraries
from shared.settings import Settings
from shared.storage.account import blob_service
from shared.storage.checkpoints import Checkpoints
from shared.storage.logs import FlowLogAccount
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermarks


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands work with, as the function app would have it, but with the operator's own identity."""

    settings: Settings
    clock: Clock
    own: BlobServiceClient
    logs: FlowLogAccount
    checkpoints: Checkpoints
    watermarks: Watermarks
    horizon: Horizon
    quarantine: QuarantineContainer
    tokens: TokenSource
    gateway: GatewayClient

    @property
    def means(self) -> Means:
        return Means(self.gateway, self.quarantine, Refusals(), self.clock, self.settings.posts_in_flight)


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Declare where settings come from."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the function app's local.settings.json; what the environment sets goes before it",
    )


def environment(options: argparse.Namespace) -> Mapping[str, str]:
    """Return the settings as text, by name.

    Raises:
        SettingError: the settings file can't be used.
    """
    return os.environ if options.settings is None else _values(options.settings) | os.environ


def open_parts(options: argparse.Namespace) -> Parts:
    """Return the parts.

    Raises:
        SettingError: a setting is missing or malformed.
    """
    settings, clock = Settings.from_environment(environment(options)), SystemClock()
    check_authorities(os.environ)
    quiet_libraries()
    identity = cache(operators_identity)
    own = blob_service(settings.own_storage, "AzureWebJobsStorage", identity)
    logs = FlowLogAccount(blob_service(settings.flow_logs, "FLOW_LOGS", identity))
    watermarks = Watermarks(own, logs.name)
    tokens = token_source(settings, clock, identity)
    return Parts(
        settings=settings,
        clock=clock,
        own=own,
        logs=logs,
        checkpoints=Checkpoints(own, logs.name, clock),
        watermarks=watermarks,
        horizon=Horizon(watermarks, clock, settings.start_from),
        quarantine=QuarantineContainer(own),
        tokens=tokens,
        gateway=GatewayClient(settings.apigw_url, tokens, clock),
    )


class _OperatorsIdentity:
    def __init__(self, client_id: str | None) -> None:
        self._credential = DefaultAzureCredential(managed_identity_client_id=client_id, transport=IdentityTransport())

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 -- azure-core's own
        try:
            return self._credential.get_token(*scopes, **options)
        except AzureError:
            # No error of the library's own: the storage client would try again for a quarter of a minute.
            raise SluiceError(
                "Nobody is signed in to Azure. Sign in with `az login`, or run this where there is a managed identity."
            ) from None


def operators_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of whoever runs the command: an Azure CLI sign-in, or a managed identity in Azure."""
    return _OperatorsIdentity(client_id)


def _values(file: Path) -> dict[str, str]:
    try:
        document = orjson.loads(file.read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise SettingError(f"{file} can't be read: {error.strerror or type(error).__name__}.") from None
    except orjson.JSONDecodeError:
        raise SettingError(f"{file} is not valid JSON in UTF-8.") from None
    values = document.get("Values") if isinstance(document, dict) else None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SettingError(f"{file} has no object `Values` with a text for each setting.")
    if document.get("IsEncrypted"):
        raise SettingError(f"{file} is encrypted. Decrypt it with `func settings decrypt`.")
    return values
