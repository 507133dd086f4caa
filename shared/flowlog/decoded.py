"""What decoding returns: lines of flow records, and what was set aside with the reason."""

from dataclasses import dataclass, field
from enum import Enum

from shared.flowlog.tuples import Envelope


class Unit(Enum):
    """What was set aside; the three kinds are counted separately."""

    TUPLE = "tuple"
    RECORD = "record"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that yielded no flow record, with all that is needed to read it again after a fix of the decoder.

    Attributes:
        unit: What it is.
        position: Where in the range: `records[3].flows[0].flows[1].flowTuples[7]`, records counted through the whole
            range; for a range `offset 120, length 300`, in bytes.
        reason: A sentence that says what is wrong.
        raw: The bytes as written; without its quotes for a tuple that is a string.
        context: The envelope of a tuple; None for a record or a range, which contain their own.
    """

    unit: Unit
    position: str
    reason: str
    raw: bytes
    context: Envelope | None = None


@dataclass(slots=True)
class Decoded:
    """What a range of bytes contained.

    Attributes:
        lines: One flow record each as a line of JSON, keys in order, without the newline; in the order of the log.
        set_aside: What yielded no record, in the order of the log.
    """

    lines: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @property
    def tuples(self) -> int:
        """How many tuples were seen, apart from those in a record or range that was set aside as a whole."""
        return len(self.lines) + self.tuples_set_aside

    @property
    def tuples_set_aside(self) -> int:
        """How many tuples were set aside."""
        return self._count(Unit.TUPLE)

    @property
    def records_set_aside(self) -> int:
        """How many log records were set aside as a whole."""
        return self._count(Unit.RECORD)

    @property
    def ranges_set_aside(self) -> int:
        """How many ranges of bytes were set aside."""
        return self._count(Unit.RANGE)

    def _count(self, unit: Unit) -> int:
        return sum(item.unit is unit for item in self.set_aside)
