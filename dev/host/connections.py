"""Storage accounts by the name of their settings, as a trigger's `connection` gives it.

The setting of that name holds a connection string; or settings named after it, with `__blobServiceUri`,
`__queueServiceUri`, `__credential` and `__clientId`, tell the account and the managed identity
(functions-bindings-storage-blob-trigger).
"""

from collections.abc import Mapping

from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from dev.host.errors import HostError


def blob_service(settings: Mapping[str, str], name: str) -> BlobServiceClient:
    """Return the blob service of an account. Raises HostError if its settings are missing or malformed."""
    if name in settings:
        try:
            return BlobServiceClient.from_connection_string(settings[name])
        except ValueError:
            raise HostError(f"the setting {name} is not a valid connection string") from None
    return BlobServiceClient(_address(settings, name, "blob"), _identity(settings, name))


def queue_service(settings: Mapping[str, str], name: str) -> QueueServiceClient:
    """Return the queue service of an account. Raises HostError if its settings are missing or malformed."""
    if name in settings:
        try:
            return QueueServiceClient.from_connection_string(settings[name])
        except ValueError:
            raise HostError(f"the setting {name} is not a valid connection string") from None
    return QueueServiceClient(_address(settings, name, "queue"), _identity(settings, name))


def _address(settings: Mapping[str, str], name: str, service: str) -> str:
    address = settings.get(f"{name}__{service}ServiceUri")
    if not address:
        raise HostError(f"neither {name} nor {name}__{service}ServiceUri is set")
    return address


def _identity(settings: Mapping[str, str], name: str) -> ManagedIdentityCredential:
    return ManagedIdentityCredential(client_id=settings.get(f"{name}__clientId"))
