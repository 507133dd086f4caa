"""Storage accounts as Sluice reaches them: with its own checks of what they answer."""

from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service
from shared.storage.storage_clock import StorageClock
from shared.storage.table_client import checkpoint_table
from tests.support.time import StillClock


class StillStorageClock(StorageClock):
    """Storage's time, which moves with a still clock: what the emulator says of its own is not noted."""

    def __init__(self, clock: StillClock) -> None:
        super().__init__(clock)
        self._still = clock

    def note(self, date: float, asked: float) -> None:  # noqa: ARG002
        super().note(self._still.now().timestamp(), asked)


def reached(account: StorageAccount) -> BlobServiceClient:
    """Return a client for an account, as the function app makes it."""
    return blob_service(_connection(account), "FLOW_LOGS")


def table_of(account: StorageAccount, clock: StillClock, storage_clock: StorageClock | None = None) -> TableClient:
    """Return a client for an account's table, as the function app makes it."""
    storage_clock = storage_clock or StillStorageClock(clock)
    return checkpoint_table(_connection(account), "AzureWebJobsStorage", clock, storage_clock)


def _connection(account: StorageAccount) -> ByConnectionString:
    return ByConnectionString(Secret(account.connection_string), account.name)
