"""What is asked of the table, and what its answers mean."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, TableEntity, TableErrorCode, UpdateMode

from shared.errors import Outdated
from shared.storage.account import storage_errors
from shared.storage.answers import says
from shared.storage.keys import Key, KeyRange
from shared.storage.listing import all_of
from shared.storage.table_client import NothingRemovedError

_REFUSED: Final = (
    TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED,
    TableErrorCode.CONDITION_NOT_MET,
    TableErrorCode.ENTITY_ALREADY_EXISTS,
    TableErrorCode.RESOURCE_NOT_FOUND,
)
"""What a write that names a version meets where another version is there, or none."""


@contextlib.contextmanager
def table_errors(account: str) -> Iterator[None]:
    """Turn the library's errors into errors by remedy. Only calls to the library belong inside.

    Raises:
        Outdated: Another version is there than the request named, or none where it named one.
        StorageAway: As for `storage_errors`; what became of a write is not known then.
    """
    with storage_errors(account):
        try:
            yield
        except HttpResponseError as error:
            if not says(error, *_REFUSED):
                raise
            raise Outdated("It was written by another worker in the meantime.") from None


def stored(table: TableClient, account: str, key: Key) -> TableEntity | None:
    """Return an entity, None if storage says that there is none.

    Raises:
        StorageAway: The account can't be asked now, or has no table.
    """
    with storage_errors(account):
        try:
            found = table.get_entity(key.partition, key.row)
        except HttpResponseError as error:
            # A missing table answers 404, too, and then nothing is known about what it held.
            if says(error, TableErrorCode.RESOURCE_NOT_FOUND):
                return None
            raise
        if (found["PartitionKey"], found["RowKey"]) != (key.partition, key.row):
            raise ValueError  # as for any answer that can't be read
        return found


def put(table: TableClient, account: str, key: Key, properties: Mapping[str, Any]) -> str:
    """Store an entity, whether or not there is one; return its ETag; errors as for `table_errors`."""
    with table_errors(account):
        return etag_of(table.upsert_entity(_entity(key, properties), UpdateMode.REPLACE))


def insert(table: TableClient, account: str, key: Key, properties: Mapping[str, Any]) -> str:
    """Store an entity that is not there yet; return its ETag; errors as for `table_errors`."""
    with table_errors(account):
        return etag_of(table.create_entity(_entity(key, properties)))


def update(
    table: TableClient,
    account: str,
    key: Key,
    properties: Mapping[str, Any],
    etag: str,
    mode: UpdateMode = UpdateMode.REPLACE,
) -> str:
    """Change an entity, if it is still the version named; return its new ETag; errors as for `table_errors`."""
    with table_errors(account):
        unchanged = MatchConditions.IfNotModified
        return etag_of(table.update_entity(_entity(key, properties), mode, etag=etag, match_condition=unchanged))


def remove(table: TableClient, account: str, key: Key, etag: str) -> None:
    """Remove an entity, if it is still the version named; errors as for `table_errors`."""
    with table_errors(account):
        try:
            # Without a condition the library would remove any version.
            table.delete_entity(key.partition, key.row, etag=etag, match_condition=MatchConditions.IfNotModified)
        except NothingRemovedError as nothing:
            raise nothing.refusal from None


def entities[T](
    table: TableClient, account: str, keys: KeyRange, select: Sequence[str], read: Callable[[TableEntity], T | None]
) -> Iterator[T]:
    """Yield what `read` makes of the entities of some partitions, in the order of their keys; see `all_of`.

    Raises:
        StorageAway: The account can't be asked now, has no table, or lists other entities than those asked for.
    """

    def checked(item: TableEntity) -> T | None:
        if item["PartitionKey"] not in keys:
            raise ValueError  # as for any answer that can't be read
        return read(item)

    # From the Timestamp the library makes the ETag, if the answer does not have it.
    names = ["PartitionKey", "RowKey", "Timestamp", *select]
    yield from all_of(account, table.query_entities(keys.filter, select=names), checked)


def etag_of(said: Mapping[str, Any]) -> str:
    """Return the ETag in what the library made of an answer.

    Raises:
        TypeError: There is none, as for any answer that can't be read.
    """
    etag = said["etag"]
    if not isinstance(etag, str) or etag in {"", "*"}:  # which as a condition would stand for any version
        raise TypeError
    return etag


def _entity(key: Key, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"PartitionKey": key.partition, "RowKey": key.row, **properties}
