"""Pointers: how a sweep finds the checkpoints that are open, whatever their hour, since tables have no index.

A checkpoint has its pointer from before it is made or opened again until after it closed. So what a sweep asks for does
not grow with closed checkpoints.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from azure.data.tables import TableClient, TableEntity

from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.keys import Keys
from shared.storage.storage_clock import StorageClock
from shared.storage.tables import entities, etag_of, put, remove

_AGED_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer to the checkpoint of a log blob.

    Attributes:
        log: The log blob.
        etag: Of the version listed.
        is_aged: Whether it was written so long before it was listed, by storage's clock, that whoever wrote it has
            claimed the log since, or never will.
    """

    log: LogBlob
    etag: str
    is_aged: bool


class Pointers:
    """The pointers of one flow-log account, in the function's own."""

    def __init__(self, table: TableClient, account: str, log_account: str, storage_clock: StorageClock) -> None:
        self._table = table
        self._account = account
        self._storage_clock = storage_clock
        self._keys = Keys("pointers", log_account)

    def write(self, log: LogBlob) -> str:
        """Write a log blob's pointer, whether or not there is one; return its new ETag.

        Raises:
            StorageAway: Nothing is known about the write.
        """
        written = self._storage_clock.earliest
        properties = {"blob": log.name} if written is None else {"blob": log.name, "written": written}
        return put(self._table, self._account, self._keys.of(log), properties)

    def remove(self, log: LogBlob, etag: str) -> None:
        """Remove a log blob's pointer, if it is still the version named.

        Raises:
            Outdated: It is another's by now, or gone.
            StorageAway: The account can't be asked now.
        """
        remove(self._table, self._account, self._keys.of(log), etag)

    def before(self, kind: LogKind, end: datetime) -> Iterator[Pointer]:
        """Yield the pointers of all hours before this one, in the order of the hours.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
        """
        keys = self._keys.before(kind, end)
        yield from entities(self._table, self._account, keys, ["blob", "written"], partial(self._pointer, kind))

    def _pointer(self, kind: LogKind, item: TableEntity) -> Pointer | None:
        log, now = parse_blob_name(kind.container, str(item.get("blob"))), self._storage_clock.earliest
        written = item.get("written")
        is_aged = now is not None and isinstance(written, float) and now - written >= _AGED_SECONDS
        return None if log is None else Pointer(log, etag_of(item.metadata), is_aged)
