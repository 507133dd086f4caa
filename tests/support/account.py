"""Storage accounts as Sluice reaches them: with its own checks of what they answer."""

from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service


def reached(account: StorageAccount) -> BlobServiceClient:
    """Return a client for an account, as the function app makes it."""
    return blob_service(ByConnectionString(Secret(account.connection_string)), "FLOW_LOGS")
