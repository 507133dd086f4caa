"""Commits log records to a PT1H.json block blob as Azure does (flow-logs-read).

The blob is a block `{"records":[`, data blocks of whole log records, and a block `]}`, before which every commit puts
its new blocks: the first begins with `{`, later ones with `,`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobBlock, BlobServiceClient

_HEAD, _TAIL = b'{"records":[', b"]}"
_HEAD_ID, _TAIL_ID = f"A{0:032}", f"Z{0:032}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A blob as a commit left it; `size` in bytes, `etag` without quotes."""

    container: str
    name: str
    url: str
    etag: str
    size: int


class LogBlob:
    """One PT1H.json, made by its first commit. It must have one writer."""

    def __init__(self, service: BlobServiceClient, container: str, name: str) -> None:
        with contextlib.suppress(ResourceExistsError):
            service.create_container(container)
        self._client = service.get_blob_client(container, name)
        self._ids: list[str] = []
        self._size = len(_HEAD) + len(_TAIL)

    def append(self, *blocks: Sequence[bytes]) -> Commit:
        """Commit one data block for each sequence of log records, all at once."""
        if not self._ids:
            self._client.stage_block(_HEAD_ID, _HEAD)
            self._client.stage_block(_TAIL_ID, _TAIL)
        for log_records in blocks:
            data = b",".join(log_records)
            self._stage(b"," + data if self._ids else data)
        everything = [BlobBlock(block_id) for block_id in (_HEAD_ID, *self._ids, _TAIL_ID)]
        answer = self._client.commit_block_list(everything)
        return Commit(
            container=self._client.container_name,
            name=self._client.blob_name,
            url=self._client.url,
            etag=str(answer["etag"]).strip('"'),
            size=self._size,
        )

    def _stage(self, data: bytes) -> None:
        block_id = f"D{len(self._ids) + 1:032X}"
        self._client.stage_block(block_id, data)
        self._ids.append(block_id)
        self._size += len(data)
