"""Writes log blobs into Azurite, commit by commit."""

import base64
from dataclasses import dataclass, field
from random import Random
from typing import Final

from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

from dev.chaos.logs import Chunk
from dev.chaos.schedule import Content, Log, Style

_HEAD: Final = b'{"records":['
_CLOSER: Final = b"]}"


@dataclass(slots=True)
class LogBlobWriter:
    """Writes one log blob.

    Attributes:
        blob: Where to.
        log: what.
        random: For the ids of blocks.
        content: Which content it is at.
        commits: How many commits of that were made.
    """

    blob: BlobClient
    log: Log
    random: Random
    content: int = 0
    commits: int = 0
    _ids: list[str] = field(default_factory=list)

    def commit(self) -> None:
        """Make the next commit of the content."""
        self.commits += 1
        content = self.log.contents[self.content]
        if content.style in {Style.WHOLE, Style.MARKED}:
            marked = ContentSettings(content_encoding="gzip" if content.style is Style.MARKED else None)
            self.blob.upload_blob(_whole(content, self.commits), overwrite=True, content_settings=marked)
        else:
            self._commit_blocks(content)

    def replace(self, *, recreated: bool) -> None:
        """Begin the next content."""
        if recreated:
            self.remove()
        self.content += 1
        self.commits = 0
        self._ids = []
        self.commit()

    def remove(self) -> None:
        """Delete the blob."""
        self.blob.delete_blob()

    def _commit_blocks(self, content: Content) -> None:
        first = self.commits == 1
        if first:
            self._ids.append(self._stage("A" + "0" * 32, _HEAD))
        if content.style is Style.SHARED_CLOSER:
            self._ids = [*self._ids[:1], self._stage(self._data_id(), _records(content, self.commits) + _CLOSER)]
            self._put_list(self._ids)
            return
        for place, chunk in enumerate(content.commits[self.commits - 1]):
            data = _with_comma(chunk, content.style, first and not place)
            half = len(data) // 2 if content.style is Style.CUT else len(data)
            self._ids += [self._stage(self._data_id(), part) for part in (data[:half], data[half:]) if part]
        self._put_list([*self._ids, self._stage("Z" + "0" * 32, _CLOSER)])

    def _data_id(self) -> str:
        return f"D{self.random.getrandbits(128):032X}"

    def _stage(self, block: str, data: bytes) -> str:
        name = base64.b64encode(block.encode()).decode()
        self.blob.stage_block(name, data)
        return name

    def _put_list(self, ids: list[str]) -> None:
        self.blob.commit_block_list([BlobBlock(name) for name in ids])


def _with_comma(chunk: Chunk, style: Style, first: bool) -> bytes:  # noqa: FBT001 -- private
    if style is Style.TRAILING_COMMA:
        return chunk.data + b","
    return chunk.data if first else b"," + chunk.data


def _records(content: Content, commits: int) -> bytes:
    return b",".join(chunk.data for chunks in content.commits[:commits] for chunk in chunks)


def _whole(content: Content, commits: int) -> bytes:
    return _HEAD + _records(content, commits) + _CLOSER
