"""Log blobs in memory, for what reads them without a storage account."""

from collections.abc import Iterable
from datetime import UTC, datetime

from shared.delivery.batch import CUT_VERSION
from shared.delivery.byte_range import ByteRange
from shared.delivery.reading import Reading
from shared.storage.checkpoint import Checkpoint, CutRule, Layout
from shared.storage.logs import Block, Snapshot
from tests.support.logs import block_id


class Blob:
    """Committed blocks in memory, and what was fetched of them."""

    def __init__(self, blocks: Iterable[bytes], *, by_blocks: bool = True) -> None:
        parts = list(blocks)
        self.data = b"".join(parts)
        listed = tuple(Block(block_id(str(number)), len(part)) for number, part in enumerate(parts))
        self.snapshot = Snapshot('"1"', len(self.data), datetime(2026, 11, 23, tzinfo=UTC), listed if by_blocks else ())
        self.fetched: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int) -> bytes:
        self.fetched.append((start, end))
        return self.data[start:end]

    def checkpoint(self, layout: Layout = Layout.BLOCKS) -> Checkpoint:
        return Checkpoint("name", layout, CutRule(CUT_VERSION, 10))

    def read(self, checkpoint: Checkpoint, *, settled: bool = False) -> list[ByteRange]:
        return list(Reading(checkpoint, self.snapshot, self.fetch, settled=settled))
