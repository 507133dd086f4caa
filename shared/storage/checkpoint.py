"""The checkpoint of one log blob: how far its content is delivered, and by which rules.

It is a value; `shared.storage.checkpoints` keeps it, and `shared.delivery` decides how it moves.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import orjson

from shared.errors import Unreadable
from shared.storage.logs import Block

FORMAT = 1
"""Of what is stored; another one is read by the version that wrote it, and by none of before."""
_TAIL_BYTES = 64


class Layout(Enum):
    """How a log blob is read; decided permanently at its first visit.

    BLOCKS: by committed blocks, as Network Watcher writes them ("flow-logs-read").
    BYTES: record by record, where there are no blocks or they cut through records (copies, restored blobs, Data Lake).
    """

    BLOCKS = "blocks"
    BYTES = "bytes"


class State(Enum):
    """OPEN: the sweep looks at it again. CLOSED: the hour is over and everything in it was delivered."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CutRule:
    """How a block's flow records are cut into batches; a blob finishes under the rule it began with.

    Attributes:
        version: Of the way to cut and to write records; part of every idempotency key.
        max_records: Flow records in one batch.
    """

    version: int
    max_records: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The last bytes before the offset, to recognise a prefix that no digest of blocks covers."""

    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Tail":
        last = data[-_TAIL_BYTES:]
        return cls(len(last), hashlib.sha256(last).hexdigest())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one log blob is delivered.

    Attributes:
        blob: The log blob's name, for people; the checkpoint's own key is derived from it.
        layout: How it is read.
        cut: How its batches are cut.
        generation: Counts the times it was found rewritten; part of every idempotency key.
        offset: Every byte before it is accepted by the gateway, quarantined, or envelope.
        batch: The first batch after the offset that is not accepted yet; () means the first of all.
        begun: SHA-256 of the range that `batch` counts in, which no digest covers yet; "" where `batch` is ().
        blocks: How many committed blocks `digest` covers; they end at or after the offset, unless `tail` stands in.
        digest: SHA-256 over those blocks' ids and sizes.
        tail: Stands in where the offset lies beyond the covered blocks.
        etag: The commit at which nothing was left to deliver; "" while something is left.
        state: Whether the sweep must look again.
        halved: The batches that the gateway refused whole and took in halves, each as the start of its range in bytes
            and its path. A replay must post the same halves, whatever the gateway takes or refuses by then.
        loose: Whether records were ever delivered from a block that the next commit may have replaced, such as one that
            also held the closer. Where such ranges ended is no longer known.
    """

    blob: str
    layout: Layout
    cut: CutRule
    generation: int = 0
    offset: int = 0
    batch: tuple[int, ...] = ()
    begun: str = ""
    blocks: int = 0
    digest: str = ""
    tail: Tail | None = None
    etag: str = ""
    state: State = State.OPEN
    halved: tuple[tuple[int, tuple[int, ...]], ...] = ()
    loose: bool = False

    def rewritten(self, layout: Layout) -> "Checkpoint":
        """Return the checkpoint from which a rewritten blob is read: from its start, under a new generation."""
        return Checkpoint(self.blob, layout, self.cut, self.generation + 1)

    def to_json(self) -> bytes:
        document: dict[str, object] = {
            "format": FORMAT,
            "blob": self.blob,
            "layout": self.layout.value,
            "cut": {"version": self.cut.version, "max_records": self.cut.max_records},
            "generation": self.generation,
            "offset": self.offset,
            "part": list(self.batch),
            "begun": self.begun,
            "blocks": self.blocks,
            "digest": self.digest,
            "tail": None if self.tail is None else {"length": self.tail.length, "sha256": self.tail.sha256},
            "etag": self.etag,
            "state": self.state.value,
            "halved": self.halved,
            "loose": self.loose,
        }
        return orjson.dumps(document)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Checkpoint":
        """Return the checkpoint that was stored.

        Raises:
            Unreadable: It is of a newer format, or damaged. It must not be overwritten.
        """
        try:
            document = orjson.loads(data)
            if document["format"] != FORMAT:
                raise Unreadable(
                    f"A checkpoint has format {document['format']!r}; this version knows {FORMAT}. "
                    "Run the newer Sluice."
                )
            tail = document["tail"]
            return cls(
                blob=_text(document["blob"]),
                layout=Layout(document["layout"]),
                cut=CutRule(_count(document["cut"]["version"]), _count(document["cut"]["max_records"], least=1)),
                generation=_count(document["generation"]),
                offset=_count(document["offset"]),
                batch=_path(document["part"]),
                begun=_text(document["begun"]),
                blocks=_count(document["blocks"]),
                digest=_text(document["digest"]),
                tail=None if tail is None else Tail(_count(tail["length"]), _text(tail["sha256"])),
                etag=_text(document["etag"]),
                state=State(document["state"]),
                halved=tuple((_count(start), _path(path)) for start, path in document["halved"]),
                loose=document["loose"] is True,
            )
        except (ValueError, KeyError, TypeError):
            raise Unreadable(
                "A checkpoint can't be read. Look at it, or delete it to read its log blob again from the start."
            ) from None


def _count(value: object, least: int = 0) -> int:
    if type(value) is not int or value < least:
        raise ValueError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _path(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(_count, value))


def digest_of(blocks: Sequence[Block]) -> str:
    """Return a digest of the ids and sizes of committed blocks, "" for none; equal digests mean an unchanged prefix."""
    if not blocks:
        return ""
    return hashlib.sha256("".join(f"{block.id}:{block.size}\n" for block in blocks).encode()).hexdigest()
