"""Storage accounts: how they are reached, and what their errors mean."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableErrorCode
from azure.storage.blob import BlobClient, BlobServiceClient, StorageErrorCode
from urllib3.exceptions import HTTPError

from shared import egress
from shared.account_names import account_in
from shared.errors import SettingError, StorageAway
from shared.http import DirectSession
from shared.identity import Identity, managed_identity
from shared.settings import ByConnectionString, StorageConnection
from shared.storage.answers import CheckedRetry, code_of
from shared.storage.foreign import ForeignAnswerError

# A redirect would send the request, with its signature, to whatever answered in storage's place.
_OPTIONS: Final[dict[str, Any]] = {"permit_redirects": False}
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 30
UNDER_A_CLAIM: Final[dict[str, Any]] = {"read_timeout": 10, "retry_total": 2}
"""For a request that a holder waits for: with all repetitions it takes less than is left of a claim just prolonged."""
_BYTES_AT_ONCE: Final = 256 * 1024
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, requests.RequestException, HTTPError, OSError)
"""What the library raises, besides its own errors, when an answer is not what it expects."""

_MADE_AT_START: Final = {
    StorageErrorCode.CONTAINER_NOT_FOUND.value: "If one of the function app's own containers was removed, restart the "
    "app, which creates it again.",
    TableErrorCode.TABLE_NOT_FOUND.value: "The function app creates its table when it starts. Start it if it never "
    "ran, or restart it if the table was removed.",
}


def blob_service(
    connection: StorageConnection, setting: str, identity: Identity = managed_identity
) -> BlobServiceClient:
    """Return a client for the account; create one per process, since each has its own connections and tokens.

    Raises:
        SettingError: The connection string can't be used; the message names `setting`.
    """
    # Waits of about 2, 4 and 8 seconds; left to itself the library begins with 18. A policy is part of one client's
    # pipeline: two clients that share it sign with the same key.
    retries = CheckedRetry(initial_backoff=0, increment_base=2, random_jitter_range=1, retry_total=3)
    if isinstance(connection, ByConnectionString):
        try:
            service = BlobServiceClient.from_connection_string(
                connection.connection_string.reveal,
                retry_policy=retries,
                transport=transport(_READ_SECONDS),
                **_OPTIONS,
            )
        except ValueError:
            # The library's own text is left out: it may repeat parts of the string.
            raise SettingError(
                f"The setting {setting} is not a valid storage connection string. Copy all of it."
            ) from None
    else:
        credential = identity(connection.client_id)
        service = BlobServiceClient(
            connection.blob_service_uri,
            credential=credential,
            retry_policy=retries,
            transport=transport(_READ_SECONDS),
            **_OPTIONS,
        )
    service.account_name = connection.account_name or service.account_name
    return service


def transport(read_seconds: float) -> RequestsTransport:
    """Return what carries an account's requests."""
    return RequestsTransport(
        session=DirectSession(),
        session_owner=False,
        connection_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        connection_data_block_size=_BYTES_AT_ONCE,
    )


def account_name(client: BlobServiceClient | BlobClient) -> str:
    """Return the name of the storage account: from its address, else from the settings, else from the host."""
    return account_in(client.url) or str(client.account_name or urlsplit(client.url).hostname).lower()


@contextlib.contextmanager
def storage_errors(account: str) -> Iterator[None]:
    """Turn the library's errors into errors by remedy. Only calls to the library belong inside.

    Raises:
        StorageAway: The account is unreachable or busy, or refuses us, or something else answered in its place; the
            message says which, and repeats nothing of the answer but storage's own codes.
    """
    try:
        yield
    except ForeignAnswerError as error:
        raise StorageAway(
            f"Something other than storage answered for storage account {account}: {error}. "
            "Look for a proxy, a firewall or a portal on the way to it."
        ) from None
    except ClientAuthenticationError:
        raise StorageAway(
            f"The identity or key for storage account {account} is not accepted. Check its setting."
        ) from None
    except HttpResponseError as error:
        raise StorageAway(_refusal(account, error)) from None
    except AzureError as error:
        raise StorageAway(
            f"Storage account {account} can't be reached ({type(error).__name__}).{egress.advice(error)}"
        ) from None
    except _UNREADABLE as error:
        raise StorageAway(
            f"Storage account {account} returned an answer that can't be read ({type(error).__name__})."
            f"{egress.advice(error)}"
        ) from None


def _refusal(account: str, error: HttpResponseError) -> str:
    if error.status_code is None or error.status_code < HTTPStatus.BAD_REQUEST:
        return f"The connection to storage account {account} broke, or its answer was damaged, while it was being read."
    said = code_of(error) or "no storage error code"
    if error.status_code == HTTPStatus.FORBIDDEN:
        return (
            f"Storage account {account} forbids this ({said}). "
            "Check the key, the role assignment and the account's network rules."
        )
    if said in _MADE_AT_START:
        return f"Storage account {account} answered {error.status_code} ({said}). {_MADE_AT_START[said]}"
    return f"Storage account {account} answered {error.status_code} ({said})."
