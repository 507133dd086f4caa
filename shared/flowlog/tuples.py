"""Flow tuples, read plainly: one comma-separated string and its envelope give one flow record, or a reason.

This is the reference that every faster path is held against. Columns by format: nsg-flow-logs-overview (versions 1
and 2) and vnet-flow-logs-overview (version 4). Positions 7 and 8 mean different things in the two kinds of log.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

from shared.flowlog.record import (
    COUNTERS,
    DIGITS_MAX,
    PORT_MAX,
    PROTOCOL_MAX,
    TIME_END_MS,
    TIME_MIN_MS,
    Decision,
    Direction,
    FlowRecord,
    Source,
    State,
    canonical_address,
    means_not_measured,
)

SECONDS_END: Final = 10**11
"""A time below this is in seconds, one from here on in milliseconds; both occur in logs of either kind."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the log record around a tuple says about it: everything needed to read the tuple again later.

    Attributes:
        source: The kind of log.
        version: 1 or 2 in NSG flow logs, 4 in VNet flow logs.
        rule: The rule's name as written.
        mac: The NIC's MAC address as written, in any notation.
        acl_id: VNet's `aclID`.
        resource_id: NSG's `resourceId` or VNet's `targetResourceID`.
        flow_log_id: VNet's `flowLogResourceID`.
    """

    source: Source
    version: int
    rule: str
    mac: str | None = None
    acl_id: str | None = None
    resource_id: str | None = None
    flow_log_id: str | None = None

    @classmethod
    def from_json(cls, value: object) -> "Envelope":
        """Return the envelope that a JSON object describes.

        Raises:
            ValueError: If the object is not one.
        """
        if not isinstance(value, dict) or value.keys() != {field.name for field in fields(cls)}:
            raise ValueError("An envelope is a JSON object with the keys of `Envelope`.")
        version, texts = (
            value["version"],
            {key: text for key, text in value.items() if key not in {"source", "version"}},
        )
        if type(version) is not int or not all(text is None or isinstance(text, str) for text in texts.values()):
            raise ValueError("An envelope has a whole number as version, and strings or null.")
        if texts["rule"] is None:
            raise ValueError("An envelope has a rule.")
        return cls(Source(value["source"]), version, **texts)


class MalformedTupleError(ValueError):
    """A tuple breaks a rule of its format; the message says which field and why."""


_START = ("time", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "direction")
COLUMNS: Final = {
    (Source.NSG, 1): (*_START, "decision"),
    (Source.NSG, 2): (*_START, "decision", "state", *COUNTERS),
    (Source.VNET, 4): (*_START, "state", "encryption", *COUNTERS),
}
"""The fields of a tuple in their order, by source and version."""
PROTOCOLS: Final = {"T": 6, "U": 17}
DIRECTIONS: Final = {"I": Direction.INBOUND, "O": Direction.OUTBOUND}
DECISIONS: Final = {"A": Decision.ALLOW, "D": Decision.DENY}
STATES: Final = {"B": State.BEGIN, "C": State.CONTINUE, "E": State.END}
VNET_STATES: Final = {**STATES, "D": State.DENY}


def read_tuple(text: str, envelope: Envelope) -> FlowRecord:
    """Read one tuple by the rules of the envelope's format.

    Raises:
        MalformedTupleError: If the tuple, or the MAC address of its envelope, breaks a rule.
    """
    columns = COLUMNS.get((envelope.source, envelope.version))
    if columns is None:
        raise MalformedTupleError(f"{envelope.source.value} version {envelope.version} is not a known format")
    words = text.split(",")
    if len(words) < len(columns):
        raise MalformedTupleError(f"it has {len(words)} fields instead of {len(columns)}")
    if any(words[len(columns) :]):
        raise MalformedTupleError(
            f"it has {len(words)} fields, of which those after the first {len(columns)} must be empty"
        )
    readers = _VNET_READERS if envelope.source is Source.VNET else _READERS
    values: dict[str, Any] = dict.fromkeys(("state", "encryption", *COUNTERS))
    values |= {name: readers[name](word, name) for name, word in zip(columns, words, strict=False)}
    values.setdefault("decision", Decision.DENY if values["state"] is State.DENY else Decision.ALLOW)
    if means_not_measured(values["decision"], values["state"], [values[name] for name in COUNTERS]):
        values |= dict.fromkeys(COUNTERS)
    return FlowRecord(
        **values,
        rule=envelope.rule,
        mac=read_mac(envelope.mac),
        acl_id=envelope.acl_id,
        resource_id=envelope.resource_id,
        flow_log_id=envelope.flow_log_id,
        source=envelope.source,
        version=envelope.version,
    )


def read_mac(text: str | None) -> str | None:
    """Return a MAC address as 12 upper-case hexadecimal digits; None where there is none, or an empty one.

    Separators are dropped. What is left must be 12 hexadecimal digits: another length can't be corrected by guessing.

    Raises:
        MalformedTupleError: If it is not a MAC address.
    """
    if not text:
        return None
    digits = _SEPARATORS.sub("", text).upper()
    if not _MAC.fullmatch(digits):
        raise MalformedTupleError(f"its MAC address {text!r:.40} is not 12 hexadecimal digits")
    return digits


_SEPARATORS: Final = re.compile(r"[-:. ]")
_MAC: Final = re.compile(r"[0-9A-F]{12}")
_NUMBER: Final = re.compile(rf"0|[1-9][0-9]{{0,{DIGITS_MAX - 1}}}")
type _Reader = Callable[[str, str], Any]


def _number(word: str, name: str) -> int:
    if not _NUMBER.fullmatch(word):
        raise MalformedTupleError(
            f"{name} {word!r:.40} is not a number of at most {DIGITS_MAX} digits without a sign or leading zeros"
        )
    return int(word)


def _time(word: str, name: str) -> int:
    number = _number(word, name)
    milliseconds = number * 1000 if number < SECONDS_END else number
    if not TIME_MIN_MS <= milliseconds < TIME_END_MS:
        raise MalformedTupleError(f"{name} {word} is outside the years 2000 to 2100")
    return milliseconds


def _address(word: str, name: str) -> str:
    address = canonical_address(word)
    if address is None:
        raise MalformedTupleError(f"{name} {word!r:.60} is not an IP address without a zone")
    return address


def _up_to(most: int) -> _Reader:
    def read(word: str, name: str) -> int:
        number = _number(word, name)
        if number > most:
            raise MalformedTupleError(f"{name} {word} is greater than {most}")
        return number

    return read


def _protocol(word: str, name: str) -> int:
    return PROTOCOLS[word] if word in PROTOCOLS else _up_to(PROTOCOL_MAX)(word, name)


def _letter[T](choices: dict[str, T]) -> _Reader:
    def read(word: str, name: str) -> T:
        if word not in choices:
            raise MalformedTupleError(f"{name} {word!r:.40} is not one of {', '.join(choices)}")
        return choices[word]

    return read


def _counter(word: str, name: str) -> int | None:
    return _number(word, name) if word else None


def _token(word: str, _name: str) -> str | None:
    return word or None


_READERS: Final[dict[str, _Reader]] = {
    "time": _time,
    "src_ip": _address,
    "dst_ip": _address,
    "src_port": _up_to(PORT_MAX),
    "dst_port": _up_to(PORT_MAX),
    "protocol": _protocol,
    "direction": _letter(DIRECTIONS),
    "decision": _letter(DECISIONS),
    "state": _letter(STATES),
    "encryption": _token,
    **dict.fromkeys(COUNTERS, _counter),
}
_VNET_READERS: Final = {**_READERS, "state": _letter(VNET_STATES)}
