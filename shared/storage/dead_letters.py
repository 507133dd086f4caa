"""Events that Event Grid gave up on: the sweep finds what they announced, so they only show that something is wrong."""

import contextlib
from datetime import datetime

from azure.storage.blob import BlobServiceClient

from shared.errors import ContainerMissing
from shared.storage.account import account_name
from shared.storage.listing import every, time_of

CONTAINER = "dead-letters"


class DeadLetters:
    """The container for the event subscriptions' dead letters, in the function app's own account."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)

    def count_since(self, moment: datetime) -> int:
        """Return how many dead letters came since; 0 where there is no container for them.

        Raises:
            StorageAway: The account can't be reached now.
        """
        with contextlib.suppress(ContainerMissing):
            items = self._container.list_blobs()
            times = every(self._account, CONTAINER, items, lambda item: time_of(item.last_modified))
            return sum(time >= moment for time in times)
        return 0
