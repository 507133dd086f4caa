"""Storage accounts: how they are reached, and what their errors mean."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient, ExponentialRetry

from shared.account_names import account_in
from shared.egress import advice
from shared.errors import SettingError, StorageAway
from shared.identity import Identity, managed_identity
from shared.settings import ByConnectionString, StorageConnection

_TIMEOUTS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 30}


def blob_service(
    connection: StorageConnection, setting: str, identity: Identity = managed_identity
) -> BlobServiceClient:
    """Return a client for the account; make one a process, since each holds its own connections and tokens.

    Raises:
        SettingError: the connection string can't be used; the message names `setting`.
    """
    # Waits of about 2, 4 and 8 seconds; left to itself the library begins with 18. A policy is part of one client's
    # pipeline: two clients that share it sign with the same key.
    retries = ExponentialRetry(initial_backoff=0, increment_base=2, random_jitter_range=1, retry_total=3)
    if isinstance(connection, ByConnectionString):
        try:
            service = BlobServiceClient.from_connection_string(
                connection.connection_string.reveal,
                retry_policy=retries,
                use_env_settings=not connection.plain,  # a proxy would read what goes without TLS
                **_TIMEOUTS,
            )
        except ValueError:
            # The library's own text is left out: it may repeat parts of the string.
            raise SettingError(f"The setting {setting} is no storage connection string. Copy it whole.") from None
    else:
        credential = identity(connection.client_id)
        service = BlobServiceClient(
            connection.blob_service_uri, credential=credential, retry_policy=retries, **_TIMEOUTS
        )
    service.account_name = connection.account_name or service.account_name
    return service


def account_name(client: BlobServiceClient | BlobClient) -> str:
    """Return the name of the storage account: what its address tells, else the settings, else the host."""
    return account_in(client.url) or str(client.account_name or urlsplit(client.url).hostname).lower()


@contextlib.contextmanager
def storage_errors(account: str) -> Iterator[None]:
    """Turn what the library raises into what to do about it.

    Raises:
        StorageAway: the account is away, busy, or refuses us; the message says which.
    """
    try:
        yield
    except ClientAuthenticationError:
        raise StorageAway(
            f"The identity or key for storage account {account} is not accepted. Check its setting."
        ) from None
    except HttpResponseError as error:
        if error.status_code == HTTPStatus.FORBIDDEN:
            raise StorageAway(
                f"Storage account {account} forbids this ({_code(error)}). "
                "Check the key, the role assignment and the account's network rules."
            ) from None
        raise StorageAway(f"Storage account {account} answered {error.status_code} ({_code(error)}).") from None
    except AzureError as error:
        raise StorageAway(
            f"Storage account {account} can't be reached ({type(error).__name__}).{advice(error)}"
        ) from None


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or error.reason or "no code")
