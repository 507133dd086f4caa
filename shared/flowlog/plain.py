"""Log records and tuples, decoded plainly one after another: the reference for every faster path."""

from shared.flowlog.decoded import Decoded, SetAside, Unit
from shared.flowlog.envelope import UnknownFormError, read_groups
from shared.flowlog.jsontext import NotJsonError, load
from shared.flowlog.record import to_json_line
from shared.flowlog.tuples import Envelope, MalformedTupleError, read_tuple


def decode_record(text: bytes, number: int, offset: int, decoded: Decoded) -> None:
    """Add what the JSON text of one log record holds; `number` and `offset` say where in the range it is."""
    try:
        groups = read_groups(text)
    except NotJsonError as error:
        add_range(text, offset, f"A record can't be read: {error}.", decoded)
    except UnknownFormError as error:
        decoded.set_aside.append(SetAside(Unit.RECORD, f"records[{number}]", f"{error}.", text))
    else:
        for group in groups:
            for index, element in enumerate(group.tuples):
                position = f"records[{number}].{group.position}.flowTuples[{index}]"
                decode_tuple(element, group.envelope, position, decoded)


def decode_tuple(text: bytes, envelope: Envelope, position: str, decoded: Decoded) -> None:
    """Add what the JSON text of one tuple holds."""
    try:
        decoded.lines.append(to_json_line(read_tuple(_string(text), envelope)))
    except (NotJsonError, MalformedTupleError) as error:
        raw = text[1:-1] if text.startswith(b'"') else text
        decoded.set_aside.append(SetAside(Unit.TUPLE, position, f"The tuple is malformed: {error}.", raw, envelope))


def add_range(text: bytes, offset: int, reason: str, decoded: Decoded) -> None:
    """Set aside the bytes at an offset of the range."""
    decoded.set_aside.append(SetAside(Unit.RANGE, f"offset {offset}, length {len(text)}", reason, text))


def _string(text: bytes) -> str:
    value = load(text)
    if isinstance(value, str):
        return value
    raise MalformedTupleError("it is not a string")
