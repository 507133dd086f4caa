"""Batches: the content of one post, and the key that makes it count once.

A batch is a pure function of the log blob's content. Its key names the account, container, blob, generation, byte
range, the batch's path in the range, the cut rule and the hash of the range's own bytes, so every repetition carries
the same key.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

import orjson
from isal import isal_zlib

from shared.flowlog import LogBlob
from shared.storage.checkpoint import CutRule

CUT_VERSION = 2
_GZIP_LEVEL, _GZIP_FORMAT = 1, 31
_LINES = 1000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where batches come from: a byte range of one log blob.

    Attributes:
        account: The storage account's name.
        log: The log blob.
        generation: How often it was found rewritten.
        start, end: The range in bytes.
        content: SHA-256 of the range's bytes.
        cut: The rule by which it is cut.
        again: An operator's ID that makes a replay's records count again; "" for everything else.
    """

    account: str
    log: LogBlob
    generation: int
    start: int
    end: int
    content: str
    cut: CutRule
    again: str = ""

    @property
    def blob(self) -> str:
        """The log blob, as `ACCOUNT/CONTAINER/NAME`."""
        return f"{self.account}/{self.log.kind.container}/{self.log.name}"

    def key(self, path: tuple[int, ...] = ()) -> str:
        """Return the idempotency key of the batch with a path; of the range itself without one."""
        identity = (
            (self.account, self.log.kind.container, self.log.name, self.generation),
            (self.start, self.end, self.content),
            (self.cut.version, self.cut.max_records, path),
            self.again,
        )
        return hashlib.sha256(orjson.dumps(identity)).hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """The flow records of one post.

    Attributes:
        path: The batch's number in its range, then 0 or 1 for each time it was halved.
        lines: One flow record each.
    """

    path: tuple[int, ...]
    lines: Sequence[str]

    @property
    def whole(self) -> bool:
        """Whether it was never halved."""
        return len(self.path) == 1

    def halves(self) -> tuple["Batch", "Batch"]:
        """Cut in two, the larger half first; only a batch of two lines or more can be."""
        middle = (len(self.lines) + 1) // 2
        return Batch((*self.path, 0), self.lines[:middle]), Batch((*self.path, 1), self.lines[middle:])

    def packed(self) -> "Packed":
        """Return the batch as it is posted."""
        return Packed(self.path, len(self.lines), self.body())

    def body(self) -> bytes:
        """Return the gzipped NDJSON, with the same bytes at every call."""
        gzip = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_FORMAT)
        # Some lines at a time, or the batch would take its megabytes twice.
        parts = [gzip.compress("\n".join([*some, ""]).encode()) for some in batched(self.lines, _LINES, strict=False)]
        return b"".join([*parts, gzip.flush()])


@dataclass(frozen=True, slots=True)
class Packed:
    """A batch as it is posted, which takes a tenth of the memory that its lines take.

    Attributes:
        path: As the batch's.
        lines: How many there are.
        body: The gzipped NDJSON.
    """

    path: tuple[int, ...]
    lines: int
    body: bytes

    def unpacked(self) -> Batch:
        """Return the batch with its lines."""
        return Batch(self.path, isal_zlib.decompress(self.body, _GZIP_FORMAT).decode().split("\n")[:-1])


def batches_of(lines: Sequence[str], cut: CutRule, is_halved: Callable[[tuple[int, ...]], bool]) -> Iterator[Batch]:
    """Cut a range's lines into batches, in order; their paths are in order too.

    If a batch was halved before (`is_halved` says so, given the path), its halves replace it.
    """
    size = cut.max_records
    for number in range(-(-len(lines) // size)):
        yield from _leaves(Batch((number,), lines[number * size : (number + 1) * size]), is_halved)


def _leaves(batch: Batch, is_halved: Callable[[tuple[int, ...]], bool]) -> Iterator[Batch]:
    if not is_halved(batch.path):
        yield batch
        return
    for half in batch.halves():
        yield from _leaves(half, is_halved)


def following(path: tuple[int, ...]) -> tuple[int, ...]:
    """Return the path of the batch after this one, in the order in which batches are settled."""
    while len(path) > 1 and path[-1] == 1:
        path = path[:-1]
    return (*path[:-1], path[-1] + 1)
