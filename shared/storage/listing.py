"""Listings of storage, page by page, checked as they come."""

from collections.abc import Iterator
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.paging import ItemPaged
from azure.storage.blob import StorageErrorCode

from shared.errors import ContainerMissing, StorageAway
from shared.storage.account import storage_errors
from shared.storage.answers import says


def every(account: str, container: str, items: ItemPaged[Any]) -> Iterator[Any]:
    """Give every item of a listing in a container.

    Raises:
        ContainerMissing: there is no such container.
        StorageAway: the account can't be asked now, or its listing does not come to an end.
    """
    pages, begun = items.by_page(), set[str]()
    while True:
        with storage_errors(account):
            try:
                page = next(pages, None)
                found = [] if page is None else list(page)
                if not all(item.name for item in found):
                    raise ValueError  # as for any answer that can't be read
            except HttpResponseError as error:
                if says(error, StorageErrorCode.CONTAINER_NOT_FOUND):
                    raise ContainerMissing(f"Storage account {account} has no container {container}.") from None
                raise
        if page is None:
            return
        yield from found
        marker = getattr(pages, "continuation_token", None)
        if marker in begun:
            raise StorageAway(f"Storage account {account} gives the same page of a listing again and again.")
        begun |= {marker} if marker else set()
