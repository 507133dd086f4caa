"""Where checkpoints are kept: an entity for each log blob, in the table of the function's own account.

Every write names the version that it replaces, so that a worker that was overtaken, however long it slept, writes
nothing. `shared.delivery.claims` says which writes there are, and why.
"""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from shared.errors import ContainerMissing, Outdated, RetryLater, StorageAway
from shared.flowlog import LogBlob, LogKind
from shared.storage.account import UNDER_A_CLAIM, account_name, storage_errors
from shared.storage.answers import says
from shared.storage.entry import LONGEST, SUMMARY, Entry, Summary, entry_in, properties_of, summary_in, text_in
from shared.storage.keys import KeyRange, Keys
from shared.storage.listing import every, time_of
from shared.storage.tables import entities, etag_of, insert, remove, stored, update

CONTAINER: Final = "checkpoints"
"""Where the blobs are that have what an entity can't hold."""
_READS: Final = 3


class Checkpoints:
    """The checkpoints of one flow-log account, in the function's own account."""

    def __init__(self, table: TableClient, service: BlobServiceClient, log_account: str) -> None:
        self._table = table
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)
        self._log_account = log_account
        self._keys = Keys("checkpoints", log_account)

    def read(self, log: LogBlob) -> Entry | None:
        """Return what is stored of a log blob, None if storage says that there is nothing.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
            Unreadable: It is of a newer format, or damaged.
        """
        for _ in range(_READS):
            found = stored(self._table, self._account, self._keys.of(log))
            if found is None:
                return None
            with contextlib.suppress(Outdated):  # the blob goes with the version that named it
                text = self._overflow(found["overflow"]) if "overflow" in found else text_in(found)
                return entry_in(log, found, text, etag_of(found.metadata))
        raise StorageAway(f"The checkpoint of {log.name} changes faster than it can be read.")

    def insert(self, log: LogBlob, entry: Entry) -> Entry:
        """Store the first version; return it with its ETag.

        Raises:
            Outdated: There is one already.
            StorageAway: Nothing is known about the write.
        """
        return self._write(log, entry, "")

    def replace(self, log: LogBlob, entry: Entry, known: Entry) -> Entry:
        """Store a version in place of the one that is known; return it with its ETag.

        Raises:
            Outdated: Another is there by now, or none.
            StorageAway: Nothing is known about the write.
        """
        written = self._write(log, entry, known.etag, known)
        if known.overflow != written.overflow:
            self._remove_overflow(known.overflow)
        return written

    def mark(self, log: LogBlob, known: Entry) -> Entry:
        """Mark the version that is known, for its holder to look again; return it with its ETag.

        Raises:
            Outdated: Another is there by now, or none.
            StorageAway: Nothing is known about the write.
        """
        marked = {"marked": True}
        etag = update(self._table, self._account, self._keys.of(log), marked, known.etag, UpdateMode.MERGE)
        return replace(known, marked=True, etag=etag)

    def delete(self, log: LogBlob, listed: Summary) -> None:
        """Remove the version that was listed, if it is still there."""
        with contextlib.suppress(Outdated):
            remove(self._table, self._account, self._keys.of(log), listed.etag)
            self._remove_overflow(listed.overflow)

    def listed(self, kind: LogKind, start: datetime, end: datetime) -> Iterator[Summary]:
        """Yield the checkpoints of the hours from `start` up to `end`, in the order of the hours.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
        """
        yield from self._queried(self._keys.between(kind, start, end))

    def listed_before(self, kind: LogKind, end: datetime) -> Iterator[Summary]:
        """Yield the checkpoints of all hours before this one, in the order of the hours; errors as for `listed`."""
        yield from self._queried(self._keys.before(kind, end))

    def remove_overflows(self, kind: LogKind, end: datetime, written_before: datetime) -> None:
        """Remove blobs of hours before `end` that workers which died left behind.

        Args:
            kind: Of which kind of log.
            end: The first of the hours that are left alone.
            written_before: A time long enough ago that every blob of an earlier time has its entity, if it gets one.

        Raises:
            StorageAway: The account can't be asked now, or has no table.
        """
        # Whatever else an entity says, also one that this version can't read: the blob that it names stays.
        every_key = self._keys.before(kind, end)
        named = set(entities(self._table, self._account, every_key, ["overflow"], lambda item: item.get("overflow")))
        prefix = f"{self._log_account}/{kind.container}/"
        items = self._container.list_blobs(name_starts_with=prefix)
        with contextlib.suppress(ContainerMissing):
            for item in every(
                self._account, CONTAINER, items, lambda item: (str(item.name), time_of(item.last_modified))
            ):
                name, written = item
                if name >= f"{prefix}{_hour(end)}":
                    return
                if name not in named and written < written_before:
                    self._remove_overflow(name)

    def _write(self, log: LogBlob, entry: Entry, etag: str, known: Entry | None = None) -> Entry:
        key, text = self._keys.of(log), entry.checkpoint.to_json().decode()
        entry = replace(entry, overflow=self._put_overflow(log, entry, text, known))
        properties = properties_of(entry, text)
        if etag:
            return replace(entry, etag=update(self._table, self._account, key, properties, etag))
        return replace(entry, etag=insert(self._table, self._account, key, properties))

    def _queried(self, keys: KeyRange) -> Iterator[Summary]:
        yield from entities(
            self._table, self._account, keys, SUMMARY, lambda item: summary_in(item, etag_of(item.metadata))
        )

    def _put_overflow(self, log: LogBlob, entry: Entry, text: str, known: Entry | None) -> str:
        # Under a new name at each change, and before the entity that names it: whoever reads an entity finds the text
        # of that version, or none.
        if len(text) <= LONGEST:
            return ""
        if known is not None and known.overflow and known.checkpoint == entry.checkpoint:
            return known.overflow
        name = f"{self._log_account}/{log.kind.container}/{_hour(log.hour)}/{uuid.uuid4().hex}.json"
        with storage_errors(self._account):
            self._container.upload_blob(name, text.encode(), **UNDER_A_CLAIM)
        return name

    def _overflow(self, name: str) -> bytes:
        with storage_errors(self._account):
            try:
                return bytes(self._container.download_blob(name, **UNDER_A_CLAIM).readall())
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    raise Outdated(f"{name} is gone.") from None
                raise

    def _remove_overflow(self, name: str) -> None:
        # What stays behind is removed by tidying.
        if name:
            with contextlib.suppress(RetryLater), storage_errors(self._account):
                self._container.delete_blob(name)


def _hour(hour: datetime) -> str:
    return f"{hour:y=%Y/m=%m/d=%d/h=%H}"
