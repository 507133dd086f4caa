"""The expected outcome for committed bytes.

Where they are cut, and where they end without a whole record, is for the delivery's own reading to say, and what is in
them for the decoder: so a replay shows that what was read arrives, and leaves reading and decoding to their own tests.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace

import orjson

from dev.demo.ledger import Aside, flow_record
from dev.flowlogs.formats import FlowRecord
from shared.delivery.batch import CUT_VERSION
from shared.delivery.quarantine import REFUSED_LINE
from shared.delivery.readable import check_readable
from shared.delivery.reading import Reading
from shared.errors import Unsupported
from shared.flowlog import Decoded, decode
from shared.flowlog.check import check
from shared.storage.checkpoint import Checkpoint, CutRule, Layout
from shared.storage.logs import Block, Snapshot

_CUT = CutRule(CUT_VERSION, 1)  # of no account here: batches are not cut
_ANY_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """The expected outcome for a commit.

    Attributes:
        flow_records: What the gateway must store.
        asides: What must be quarantined.
        left: Bytes at the end of the blob that are not a complete record.
        backlog: Bytes behind the last whole record, which must wait if any are left.
    """

    flow_records: Counter[FlowRecord]
    asides: Counter[Aside]
    left: int = 0
    backlog: int = 0


def due_of_block(blob: str, block: bytes) -> Due:
    """Return the expected outcome for a committed data block of complete log records, whatever comes before it."""
    parts = (b'{"records":[', block, b"]}")
    return _due(blob, b"".join(parts), Layout.BLOCKS, tuple(Block("", len(part)) for part in parts))


def due_of_whole(blob: str, content: bytes) -> Due:
    """Return the expected outcome for a blob that was written in one piece."""
    try:
        check_readable(blob, len(content), lambda start, end: content[start:end])
    except Unsupported:  # nothing of it is read
        return Due(Counter(), Counter(), left=len(content), backlog=len(content))
    return _due(blob, content, Layout.BYTES, ())


def _due(blob: str, content: bytes, layout: Layout, blocks: tuple[Block, ...]) -> Due:
    snapshot = Snapshot("", len(content), _ANY_TIME, blocks)
    reading = Reading(Checkpoint(blob, layout, _CUT), snapshot, lambda start, end: content[start:end])
    due, reached = Due(Counter(), Counter()), 0
    try:
        for byte_range in reading:
            _add(due, blob, decode(byte_range.data))
            reached = byte_range.end
        left = reading.left
    except Unsupported:  # it is read no further
        left = len(content) - reached
    return replace(due, left=left, backlog=len(content) - reached)


def _add(due: Due, blob: str, decoded: Decoded) -> None:
    for line in decoded.lines:
        document = orjson.loads(line)
        if check(document) is None:
            due.flow_records[flow_record(document)] += 1
        else:
            due.asides[Aside(blob, REFUSED_LINE, line)] += 1
    for item in decoded.set_aside:
        due.asides[Aside(blob, item.unit.value, item.raw.decode(errors="replace"))] += 1
