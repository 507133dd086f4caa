"""The flow-log account: what is committed in a log blob, its bytes, and which log blobs there are.

Log blobs are only ever read. A lease on one would make Azure's own commit fail, and metadata would be gone after the
next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    BlobClient,
    BlobPrefix,
    BlobProperties,
    BlobServiceClient,
    BlobType,
    StandardBlobTier,
    StorageErrorCode,
)

from shared.errors import Overtaken, Unsupported, Vanished
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.account import account_name, storage_errors

_NO_BLOCK_BLOB = "is no block blob, so it is no flow log that Azure wrote."
_ARCHIVED = "is archived. Rehydrate it, then replay its hour."
_UNSUPPORTED: dict[str | None, str] = {
    StorageErrorCode.INVALID_BLOB_TYPE: _NO_BLOCK_BLOB,
    StorageErrorCode.BLOB_ARCHIVED: _ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class Block:
    """A committed block: its id as the storage library gives it (decoded where it is text), and its size in bytes."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A log blob as one commit left it.

    Attributes:
        etag: names the commit; reads are bound to it.
        size: bytes.
        modified: when it was committed.
        blocks: the committed blocks in order; empty for a blob that was not written by blocks.
    """

    etag: str
    size: int
    modified: datetime
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ListedLog:
    """A log blob in a listing.

    Attributes:
        log: what its name tells.
        size: bytes.
        modified: when it was last committed.
        etag: that commit's ETag.
        problem: a sentence if it can't be read as it is, else "".
    """

    log: LogBlob
    size: int
    modified: datetime
    etag: str
    problem: str = ""


class FlowLogAccount:
    """The storage account that Network Watcher writes to."""

    def __init__(self, service: BlobServiceClient) -> None:
        self._service = service
        self.name = account_name(service)

    def snapshot(self, log: LogBlob) -> Snapshot:
        """Look at the committed block list.

        Raises:
            Vanished: the blob is gone.
            Unsupported: it is no block blob, or archived.
            RetryLater: the account can't be asked now.
        """
        seen: dict[str, str] = {}
        client = self._client(log)
        with storage_errors(self.name):
            try:
                committed, _ = client.get_block_list(
                    "committed", raw_response_hook=lambda raw: seen.update(_headers(raw))
                )
                if not committed or "etag" not in seen:
                    return _without_blocks(client)
            except ResourceNotFoundError:
                raise Vanished(f"{log.name} is gone.") from None
            except HttpResponseError as error:
                _check_supported(log, error)
                raise
        blocks = tuple(Block(str(block.id), int(block.size)) for block in committed)
        return Snapshot(
            etag=seen["etag"],
            size=sum(block.size for block in blocks),
            modified=parsedate_to_datetime(seen["last-modified"]),
            blocks=blocks,
        )

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end` of the blob as the snapshot saw it.

        Raises:
            Overtaken: it has been committed again since.
            Vanished: the blob is gone.
            Unsupported: it is archived.
            RetryLater: the account can't be asked now.
        """
        with storage_errors(self.name):
            try:
                return bytes(
                    self._client(log)
                    .download_blob(
                        offset=start,
                        length=end - start,
                        etag=snapshot.etag,
                        match_condition=MatchConditions.IfNotModified,
                    )
                    .readall()
                )
            except ResourceModifiedError:
                raise Overtaken(f"{log.name} was committed again while it was read.") from None
            except ResourceNotFoundError:
                raise Vanished(f"{log.name} is gone.") from None
            except HttpResponseError as error:
                _check_supported(log, error)
                raise

    def etag(self, log: LogBlob) -> str | None:
        """Return the ETag of the latest commit, None if the blob is gone."""
        with storage_errors(self.name):
            try:
                return str(self._client(log).get_blob_properties().etag)
            except ResourceNotFoundError:
                return None

    def resources(self, kind: LogKind) -> Iterator[str]:
        """Walk the folders down to those of the years: one prefix for each NSG or flow log."""
        pending = [""]
        while pending:
            for folder in self._folders(kind, pending.pop()):
                parent, _, last = folder.rstrip("/").rpartition("/")
                if last[:2].lower() == "y=" and parent:
                    yield parent
                    break
                pending.append(folder)

    def listed(self, kind: LogKind, prefix: str) -> Iterator[ListedLog]:
        """List the log blobs under a prefix."""
        container = self._service.get_container_client(kind.container)
        with storage_errors(self.name):
            try:
                for item in container.list_blobs(name_starts_with=prefix):
                    log = parse_blob_name(kind.container, item.name)
                    if log is not None:
                        yield ListedLog(log, int(item.size), item.last_modified, _quoted(item.etag), _problem(item))
            except ResourceNotFoundError:
                return

    def _folders(self, kind: LogKind, prefix: str) -> Iterator[str]:
        container = self._service.get_container_client(kind.container)
        with storage_errors(self.name):
            try:
                for item in container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                    if isinstance(item, BlobPrefix):
                        yield item.name
            except ResourceNotFoundError:  # no container yet: no flow log of this kind was ever written
                return

    def _client(self, log: LogBlob) -> BlobClient:
        return self._service.get_blob_client(log.kind.container, log.name)


def _headers(raw: Any) -> dict[str, str]:  # noqa: ANN401 -- azure-core's pipeline response is generic in two ways
    return {name.lower(): value for name, value in raw.http_response.headers.items()}


def _without_blocks(client: BlobClient) -> Snapshot:
    # Get Block List gives no ETag where there are no committed blocks (Blob service REST API, "Get Block List").
    properties = client.get_blob_properties()
    return Snapshot(str(properties.etag), int(properties.size), properties.last_modified, ())


def _problem(item: BlobProperties) -> str:
    if item.blob_type != BlobType.BLOCKBLOB:
        return f"It {_NO_BLOCK_BLOB}"
    if item.blob_tier == StandardBlobTier.ARCHIVE:
        return f"It {_ARCHIVED}"
    return ""


def _check_supported(log: LogBlob, error: HttpResponseError) -> None:
    problem = _UNSUPPORTED.get(getattr(error, "error_code", None))
    if problem:
        raise Unsupported(f"{log.name} {problem}") from None


def _quoted(etag: str) -> str:
    # Listings give ETags bare, every other answer gives them in quotes.
    return f'"{etag.strip('"')}"'
