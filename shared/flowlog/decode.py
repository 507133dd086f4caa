"""From the bytes of a flow log to flow records: every tuple becomes a line, or is set aside with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from shared.flowlog.envelope import Group, UnknownFormError, read_groups
from shared.flowlog.framing import RecordScanner, SpanKind
from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, elements, load, members
from shared.flowlog.record import to_json_line
from shared.flowlog.tuples import Envelope, MalformedTupleError, read_tuple


class Unit(Enum):
    """What was set aside; the three are counted apart."""

    TUPLE = "tuple"
    RECORD = "record"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Something that gave no flow record, with all that is needed to read it again after a repair of the parser.

    Attributes:
        unit: what it is.
        position: where in the range: `records[3].flows[0].flows[1].flowTuples[7]`, records counted through the whole
            range; for a range `offset 120, length 300`, in bytes.
        reason: a sentence that says what is wrong.
        raw: the bytes as written; a tuple that is a string without its quotes.
        context: the envelope of a tuple; None for a record or a range, which hold their own.

    """

    unit: Unit
    position: str
    reason: str
    raw: bytes
    context: Envelope | None = None


@dataclass(slots=True)
class Decoded:
    """What a range of bytes held.

    Attributes:
        lines: one flow record each as a line of JSON, keys in order, without the newline; in the order of the log.
        set_aside: what gave no record, in the order of the log.

    """

    lines: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @property
    def tuples(self) -> int:
        """How many tuples were seen; those inside a record or range that was set aside whole are not."""
        return len(self.lines) + self.tuples_set_aside

    @property
    def tuples_set_aside(self) -> int:
        """How many tuples were set aside."""
        return self._count(Unit.TUPLE)

    @property
    def records_set_aside(self) -> int:
        """How many log records were set aside whole."""
        return self._count(Unit.RECORD)

    @property
    def ranges_set_aside(self) -> int:
        """How many ranges of bytes were set aside."""
        return self._count(Unit.RANGE)

    def _count(self, unit: Unit) -> int:
        return sum(item.unit is unit for item in self.set_aside)


def decode(data: bytes) -> Decoded:
    """Decode the bytes of a committed block, or of any range that is cut between records.

    Takes records bare, joined or with the envelope around or half around them; never raises for what they hold.
    """
    decoded = Decoded()
    scanner = RecordScanner()
    number = 0
    spans = scanner.feed(data)
    for span in spans:
        text = data[span.start : span.end]
        if span.kind is SpanKind.GARBAGE:
            decoded.set_aside.append(_range("the bytes between two records are no record", span.start, text))
            continue
        for record in _unwrapped(text):
            _decode_record(record, number, span.start, decoded)
            number += 1
    if scanner.rest_start < len(data):
        rest = data[scanner.rest_start :]
        decoded.set_aside.append(_range("the last bytes are no complete record", scanner.rest_start, rest))
    return decoded


def decode_set_aside(unit: Unit, raw: bytes, context: Envelope | None) -> Decoded:
    """Decode once more what was set aside; the positions in the answer count from its own start."""
    if unit is not Unit.TUPLE or context is None:
        return decode(raw)
    decoded = Decoded()
    _decode_tuple(b'"%b"' % raw, context, "tuple", decoded)
    return decoded


def _unwrapped(text: bytes) -> Iterator[bytes]:
    """Yield the records inside an object that has `records` after other keys, or the object itself."""
    try:
        fields = members(text)
        if fields.keys() & {"properties", "flowRecords"} or not fields.get("records", b"").startswith(b"["):
            yield text
        else:
            yield from elements(fields["records"])
    except (NotJsonError, DuplicateKeyError):
        yield text


def _decode_record(record: bytes, number: int, offset: int, decoded: Decoded) -> None:
    try:
        groups = read_groups(record)
    except NotJsonError as error:
        decoded.set_aside.append(_range(str(error), offset, record))
    except UnknownFormError as error:
        decoded.set_aside.append(SetAside(Unit.RECORD, f"records[{number}]", f"{error}.", record))
    else:
        for group in groups:
            _decode_group(group, number, decoded)


def _decode_group(group: Group, number: int, decoded: Decoded) -> None:
    for index, text in enumerate(group.tuples):
        _decode_tuple(text, group.envelope, f"records[{number}].{group.position}.flowTuples[{index}]", decoded)


def _decode_tuple(text: bytes, envelope: Envelope, position: str, decoded: Decoded) -> None:
    raw = text[1:-1] if text.startswith(b'"') else text
    try:
        value = load(text)
        if not isinstance(value, str):
            raise MalformedTupleError("it is no string")
        decoded.lines.append(to_json_line(read_tuple(value, envelope)))
    except (NotJsonError, MalformedTupleError) as error:
        decoded.set_aside.append(SetAside(Unit.TUPLE, position, f"The tuple is malformed: {error}.", raw, envelope))


def _range(reason: str, offset: int, raw: bytes) -> SetAside:
    return SetAside(Unit.RANGE, f"offset {offset}, length {len(raw)}", f"{reason[:1].upper()}{reason[1:]}.", raw)
