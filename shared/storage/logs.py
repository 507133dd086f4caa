"""The flow-log account: the committed blocks and bytes of a log blob.

Log blobs are only ever read. A lease on one would make Azure's own commit fail, and metadata would be lost at the next
commit. `shared.storage.log_listings` finds which log blobs there are.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient, StorageErrorCode

from shared.errors import Overtaken, StorageAway, Unsupported, Vanished
from shared.flowlog import LogBlob
from shared.storage.account import UNDER_A_CLAIM, storage_errors
from shared.storage.answers import code_of, says
from shared.storage.listing import time_of
from shared.storage.log_listings import ARCHIVED, NOT_A_BLOCK_BLOB, LogListings

_CLIENTS_KEPT: Final = 128
_UNSUPPORTED: Final[dict[str, str]] = {
    StorageErrorCode.INVALID_BLOB_TYPE: NOT_A_BLOCK_BLOB,
    StorageErrorCode.BLOB_ARCHIVED: ARCHIVED,
    StorageErrorCode.BLOB_BEING_REHYDRATED: ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class Block:
    """A committed block: its id as storage lists it, in base64, and its size in bytes."""

    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A log blob as one commit left it.

    Attributes:
        etag: Names the commit; reads are bound to it.
        size: bytes.
        modified: When it was committed.
        blocks: The committed blocks in order; empty for a blob that was not written by blocks.
    """

    etag: str
    size: int
    modified: datetime
    blocks: tuple[Block, ...]


class FlowLogAccount(LogListings):
    """The storage account that Network Watcher writes to."""

    def __init__(self, service: BlobServiceClient) -> None:
        super().__init__(service)
        # The library's clients are made anew for each call otherwise, which takes as long as reading a short answer.
        self._clients = lru_cache(_CLIENTS_KEPT)(service.get_blob_client)

    def snapshot(self, log: LogBlob) -> Snapshot:
        """Return the blob as its committed block list shows it.

        Raises:
            Vanished: Storage says that the blob is gone.
            Unsupported: It is not a block blob, or is archived.
            RetryLater: The account can't be asked now, or its answer can't be believed.
        """
        client, headers = self._client(log), dict[str, Any]()
        committed: list[tuple[str, int]] = []

        # Not by the library's hook for answers, which does not see that of a request repeated after a reset.
        def note(answer: Any, blocks: Any, said: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the library's own
            headers.update(said)
            committed.extend(answer.http_response.committed)
            return blocks

        with self._errors(log):
            client.get_block_list("committed", cls=note, **UNDER_A_CLAIM)
            blocks = tuple(Block(name, size) for name, size in committed)
            # Get Block List gives no ETag where there are no committed blocks (Blob service REST API).
            if not blocks:
                found = client.get_blob_properties(**UNDER_A_CLAIM)
                return Snapshot(_etag(found.etag), int(found.size), time_of(found.last_modified), ())
            size = sum(block.size for block in blocks)
            if headers.get("x-ms-blob-content-length", size) != size:
                raise StorageAway(f"Storage account {self.name} returned an incomplete block list of {log.name}.")
            return Snapshot(_etag(headers.get("ETag")), size, time_of(headers.get("Last-Modified")), blocks)

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end` of the blob as the snapshot saw it, as they are stored.

        Raises:
            Overtaken: It has been committed again since.
            Vanished: Storage says that the blob is gone.
            Unsupported: It is archived.
            RetryLater: The account can't be asked now, or sent something else.
        """
        with self._errors(log):
            found = self._client(log).download_blob(
                offset=start,
                length=end - start,
                etag=snapshot.etag,
                match_condition=MatchConditions.IfNotModified,
                decompress=False,
                **UNDER_A_CLAIM,
            )
            data, etag = bytes(found.readall()), str(found.properties.etag)
        if len(data) != end - start or etag != snapshot.etag:
            raise StorageAway(
                f"Storage account {self.name} sent {len(data)} bytes of {log.name} instead of the requested "
                f"{end - start}, or those of another commit."
            )
        return data

    def etag(self, log: LogBlob) -> str | None:
        """Return the ETag of the latest commit, None if storage says that the blob is gone."""
        try:
            with self._errors(log):
                return _etag(self._client(log).get_blob_properties().etag)
        except Vanished:
            return None

    @contextlib.contextmanager
    def _errors(self, log: LogBlob) -> Iterator[None]:
        with storage_errors(self.name):
            try:
                yield
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    raise Vanished(f"{log.name} is gone.") from None
                if says(error, StorageErrorCode.CONDITION_NOT_MET):
                    raise Overtaken(f"{log.name} was committed again while it was being read.") from None
                problem = _UNSUPPORTED.get(code_of(error))
                if problem is not None:
                    raise Unsupported(f"{log.name} {problem}") from None
                raise

    def _client(self, log: LogBlob) -> BlobClient:
        return self._clients(log.kind.container, log.name)


def _etag(etag: object) -> str:
    if not isinstance(etag, str) or not etag:
        raise TypeError  # as for any answer that can't be read
    return etag
