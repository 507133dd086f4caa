"""Listings of storage, page by page, checked as they arrive."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.paging import ItemPaged
from azure.storage.blob import StorageErrorCode

from shared.errors import ContainerMissing, StorageAway
from shared.storage.account import storage_errors
from shared.storage.answers import says


def every[T](account: str, container: str, items: ItemPaged[Any], read: Callable[[Any], T | None]) -> Iterator[T]:
    """Yield what `read` makes of every item of a listing in a container; nothing for an item of which it makes None.

    Raises:
        ContainerMissing: There is no such container.
        StorageAway: The account can't be asked now, its listing has items that can't be read, or it has no end.
    """
    yield from all_of(account, items, lambda item: read(_named(item)), container)


def all_of[T](account: str, items: ItemPaged[Any], read: Callable[[Any], T | None], container: str = "") -> Iterator[T]:
    """Yield what `read` makes of every item of a listing, as `every` does, whatever the items are.

    Raises:
        ContainerMissing, StorageAway: As for `every`.
    """
    pages, begun = items.by_page(), set[str]()
    while True:
        with storage_errors(account):
            try:
                page = next(pages, None)
                found = [] if page is None else [read(item) for item in page]
            except HttpResponseError as error:
                if says(error, StorageErrorCode.CONTAINER_NOT_FOUND):
                    raise ContainerMissing(f"Storage account {account} has no container {container}.") from None
                raise
        if page is None:
            return
        yield from (each for each in found if each is not None)
        marker = str(getattr(pages, "continuation_token", None) or "")
        if marker in begun:
            raise StorageAway(f"Storage account {account} keeps returning the same page of a listing.")
        begun |= {marker} if marker else set()


def _named(item: Any) -> Any:  # noqa: ANN401 -- the library's items of several kinds
    if not item.name:
        raise ValueError  # as for any answer that can't be read
    return item


def time_of(value: object) -> datetime:
    """Return a time as the library returned it.

    Raises:
        TypeError: It is not one, as for any answer that can't be read.
    """
    if not isinstance(value, datetime):
        raise TypeError
    return value
