"""Opens what commands work with, from the settings; nothing is read or written yet."""

import argparse
import codecs
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential

from shared.clock import SystemClock
from shared.errors import SettingError, SluiceError
from shared.identity import IdentityTransport
from shared.library_logs import quiet_libraries
from shared.services import Services, open_services
from shared.settings import Settings


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Declare the option for the settings file."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="the function app's local.settings.json; environment variables override it",
    )


def environment(options: argparse.Namespace) -> Mapping[str, str]:
    """Return the settings as text, by name.

    Raises:
        SettingError: The settings file can't be used.
    """
    return os.environ if options.settings is None else _values(options.settings) | os.environ


def open_for_operator(options: argparse.Namespace) -> Services:
    """Return the services of the function app, but with the operator's own identity.

    Raises:
        SettingError: A setting is missing or malformed.
    """
    quiet_libraries()
    return open_services(Settings.from_environment(environment(options)), SystemClock(), operators_identity)


class _OperatorsIdentity:
    def __init__(self, client_id: str | None) -> None:
        self._credential = DefaultAzureCredential(managed_identity_client_id=client_id, transport=IdentityTransport())

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 -- azure-core's own
        try:
            return self._credential.get_token(*scopes, **options)
        except AzureError:
            # Not one of the library's own errors: the storage client would try again for a quarter of a minute.
            raise SluiceError(
                "You are not signed in to Azure. Sign in with `az login`, or run this where there is a managed "
                "identity."
            ) from None


def operators_identity(client_id: str | None) -> TokenCredential:
    """Return the credential of the user who runs the command: an Azure CLI sign-in, or a managed identity in Azure."""
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
        raise SettingError(f"{file} has no object `Values` with a string for each setting.")
    if document.get("IsEncrypted"):
        raise SettingError(f"{file} is encrypted. Decrypt it with `func settings decrypt`.")
    return values
