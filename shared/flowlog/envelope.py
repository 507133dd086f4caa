"""The log record around the tuples, read plainly: its tuples, and what it says about them.

A record that deviates from its kind's form in any part that tuples depend on has an unknown form as a whole: nothing in
it is guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.flowlog.jsontext import DuplicateKeyError, NotJsonError, elements, key_spellings, load, members
from shared.flowlog.record import VERSIONS, Source
from shared.flowlog.tuples import Envelope


class UnknownFormError(ValueError):
    """A log record has an unknown form or version; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tuples that share an envelope.

    Attributes:
        position: Where in the record, such as `flows[0].flows[1]`.
        envelope: What the record says about the tuples.
        tuples: The JSON text of each tuple, as written.
    """

    position: str
    envelope: Envelope
    tuples: list[bytes]


_TUPLES_KEY: Final = re.compile(rb'"flowTuples"[ \t\r\n]*:')


def read_groups(record: bytes) -> list[Group]:
    """Return the groups of tuples in the JSON text of a log record.

    Raises:
        NotJsonError: If the text is not valid JSON outside its tuples.
        UnknownFormError: If it does not have a known form and version.
    """
    try:
        fields = members(record)
        if "properties" in fields and "flowRecords" in fields:
            raise UnknownFormError("the record has the forms of both NSG and VNet flow logs")
        if "properties" in fields:
            groups = list(_nsg(fields))
        elif "flowRecords" in fields:
            groups = list(_vnet(fields))
        else:
            raise UnknownFormError("the record has neither `properties` (NSG) nor `flowRecords` (VNet)")
    except DuplicateKeyError as error:
        raise UnknownFormError(f"the record can be read in two ways: {error}") from None
    _check_no_more_tuples(record, len(groups))
    return groups


def is_record(text: bytes) -> bool:
    """Return whether a text is a log record of a known form and version."""
    try:
        read_groups(text)
    except (NotJsonError, UnknownFormError):
        return False
    return True


def _check_no_more_tuples(record: bytes, groups: int) -> None:
    """Check that the record has `flowTuples` only where its form has them.

    Tuples under a key with escapes are set aside though they could be read: no log is known to have them.
    """
    if b"\\" not in record:
        count = len(_TUPLES_KEY.findall(record))
    else:
        spellings = key_spellings(record, "flowTuples")
        count = spellings.pop(b"flowTuples", 0)
        if spellings:
            escaped = next(iter(spellings)).decode()
            raise UnknownFormError(f"the key `flowTuples` is written with escapes, as `{escaped}`")
    if count != groups:
        raise UnknownFormError("the record has `flowTuples` in places where its form has none")


def _nsg(fields: dict[str, bytes]) -> Iterator[Group]:
    properties = _object(fields, "properties")
    version = _version(properties, "Version", Source.NSG)
    flows = _array(properties, "flows")
    record_mac = _text(fields, "macAddress")
    resource = _text(fields, "resourceId" if "resourceId" in fields else "resourceid")
    _no_more(fields, "properties")
    _no_more(properties, "flows")
    for number, flow in enumerate(flows):
        entry = _entry(flow)
        rule = _rule(entry)
        _no_more(entry, "flows")
        for inner_number, inner in enumerate(_array(entry, "flows")):
            group = _entry(inner)
            mac = _text(group, "mac")
            _no_more(group, "flowTuples")
            yield Group(
                f"flows[{number}].flows[{inner_number}]",
                Envelope(Source.NSG, version, rule, record_mac if mac is None else mac, resource_id=resource),
                _array(group, "flowTuples"),
            )


def _vnet(fields: dict[str, bytes]) -> Iterator[Group]:
    version = _version(fields, "flowLogVersion", Source.VNET)
    flow_records = _object(fields, "flowRecords")
    mac = _text(fields, "macAddress")
    resource = _text(fields, "targetResourceID")
    flow_log = _text(fields, "flowLogResourceID")
    _no_more(fields, "flowRecords")
    _no_more(flow_records, "flows")
    for number, flow in enumerate(_array(flow_records, "flows")):
        entry = _entry(flow)
        acl = _text(entry, "aclID")
        _no_more(entry, "flowGroups")
        for inner_number, inner in enumerate(_array(entry, "flowGroups")):
            group = _entry(inner)
            envelope = Envelope(Source.VNET, version, _rule(group), mac, acl, resource, flow_log)
            _no_more(group, "flowTuples")
            yield Group(f"flows[{number}].flowGroups[{inner_number}]", envelope, _array(group, "flowTuples"))


def _version(fields: dict[str, bytes], key: str, source: Source) -> int:
    version = load(fields.get(key, b"null"))
    if isinstance(version, int) and not isinstance(version, bool) and version in VERSIONS[source]:
        return version
    shown = fields.get(key, b"missing")[:40].decode(errors="replace")
    known = " and ".join(str(number) for number in sorted(VERSIONS[source]))
    raise UnknownFormError(f"{key} is {shown}; of {source.value} flow logs, {known} can be read")


def _object(fields: dict[str, bytes], key: str) -> dict[str, bytes]:
    if not fields[key].startswith(b"{"):
        load(fields[key])
        raise UnknownFormError(f"`{key}` is not an object")
    return members(fields[key])


def _array(fields: dict[str, bytes], key: str) -> list[bytes]:
    text = fields.get(key)
    if text is None:
        raise UnknownFormError(f"`{key}` is missing")
    if not text.startswith(b"["):
        load(text)
        raise UnknownFormError(f"`{key}` is not an array")
    return elements(text)


def _entry(text: bytes) -> dict[str, bytes]:
    if not text.startswith(b"{"):
        load(text)
        raise UnknownFormError("an entry of `flows` or `flowGroups` is not an object")
    return members(text)


def _text(fields: dict[str, bytes], key: str) -> str | None:
    value = load(fields.get(key, b"null"))
    if value is None or isinstance(value, str):
        return value
    raise UnknownFormError(f"`{key}` is not a string")


def _rule(fields: dict[str, bytes]) -> str:
    rule = _text(fields, "rule")
    if rule is None:
        raise UnknownFormError("a group of tuples has no `rule`")
    return rule


def _no_more(fields: dict[str, bytes], key: str) -> None:
    """Check that the members that are not read are JSON, all but the one that is read further down."""
    for name, text in fields.items():
        if name != key:
            load(text)


__all__ = ["Group", "NotJsonError", "UnknownFormError", "is_record", "read_groups"]
