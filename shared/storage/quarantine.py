"""Where quarantined objects are kept: `quarantine/y=/m=/d=/KEY.ndjson` in the function's own account."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobProperties, BlobServiceClient, StorageErrorCode

from shared.errors import ContainerMissing, Overtaken, Vanished
from shared.flowlog import LogBlob
from shared.storage.account import UNDER_A_CLAIM, account_name, storage_errors
from shared.storage.answers import says
from shared.storage.listing import every, time_of

CONTAINER = "quarantine"


@dataclass(frozen=True, slots=True)
class QuarantinedBlob:
    """A blob of quarantined objects: its name, size in bytes, and when it was written."""

    name: str
    size: int
    modified: datetime

    @property
    def key(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2].removesuffix(".ndjson")

    @property
    def day(self) -> str:
        """The day of the log that its objects come from, such as 2026-11-23."""
        return "-".join(part.partition("=")[2] for part in self.name.split("/")[:3])


class QuarantineContainer:
    """The container of quarantined objects; `shared.delivery.quarantine` says what they are."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)

    def put(self, log: LogBlob, key: str, lines: Sequence[bytes]) -> None:
        # The log's own day, not today's: a repetition tomorrow must hit the same name.
        with storage_errors(self._account):
            self._container.upload_blob(
                f"{log.hour:y=%Y/m=%m/d=%d}/{key}.ndjson", b"\n".join([*lines, b""]), overwrite=True, **UNDER_A_CLAIM
            )

    def listed(self, day: date | None = None) -> Iterator[QuarantinedBlob]:
        """Yield the blobs, of one day of logs or of all."""
        items = self._container.list_blobs(name_starts_with=f"{day:y=%Y/m=%m/d=%d/}" if day else None)
        with contextlib.suppress(ContainerMissing):  # before the first run
            yield from every(self._account, CONTAINER, items, _listed)

    def get(self, name: str) -> list[bytes]:
        """Return the objects of one blob, a line each.

        Raises:
            Vanished: There is no such blob.
        """
        return self.read(name)[0]

    def read(self, name: str) -> tuple[list[bytes], str]:
        """Return the objects of one blob, a line each, and its ETag.

        Raises:
            Vanished: There is no such blob.
        """
        with storage_errors(self._account):
            try:
                found = self._container.download_blob(name)
                return bytes(found.readall()).splitlines(), str(found.properties.etag)
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND, StorageErrorCode.CONTAINER_NOT_FOUND):
                    raise Vanished(f"There is no {name} in quarantine.") from None
                raise

    def replace(self, name: str, lines: Sequence[bytes], etag: str) -> None:
        """Replace the objects last seen with others, or remove the blob if there are none.

        Raises:
            Overtaken: It was written since.
        """
        unchanged: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        with storage_errors(self._account):
            try:
                if lines:
                    self._container.upload_blob(name, b"\n".join([*lines, b""]), overwrite=True, **unchanged)
                else:
                    self._container.delete_blob(name, **unchanged)
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.CONDITION_NOT_MET, StorageErrorCode.BLOB_NOT_FOUND):
                    raise
                # The library repeats a request whose answer was lost, and the repetition finds what the first one did.
                if not self._holds(name, lines):
                    raise Overtaken(f"{name} was written by somebody else in the meantime.") from None

    def _holds(self, name: str, lines: Sequence[bytes]) -> bool:
        try:
            return self.get(name) == list(lines)
        except Vanished:
            return not lines


def _listed(item: BlobProperties) -> QuarantinedBlob:
    return QuarantinedBlob(item.name, int(item.size), time_of(item.last_modified))
