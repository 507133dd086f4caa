"""The unit of decoding and posting: a byte range of a log blob that is cut between records."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.flowlog import Decoded

type Fetch = Callable[[int, int], bytes]
"""Returns the bytes from the first offset up to the second, as one snapshot saw them."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A byte range that contains complete records and whatever is between them.

    Attributes:
        start, end: The range in bytes.
        data: Its bytes; empty if the range is known to contain no record.
        blocks: How many committed blocks are permanent once it is delivered; 0 where the blob is read by bytes.
        block: The id of the block that it ends in, "" where the blob is read by bytes.
        covered: Whether those blocks reach up to the range's end.
        decoded: What the data contains, if already known.
    """

    start: int
    end: int
    data: bytes
    blocks: int = 0
    block: str = ""
    covered: bool = False
    decoded: Decoded | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes: of one fetch, and of the longest record."""

    fetch: int
    record: int
