"""The fast path: log records of the usual form, their tuples decoded many at a time.

A tuple that is not of the usual form is read plainly, alone. A record that isn't makes this path decline all of its
text, so that there is one place, `shared.flowlog.envelope`, that says what is wrong with it.
"""

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final

import orjson

from shared.flowlog.decoded import Decoded
from shared.flowlog.patterns import NSG_V1, NSG_V2, VNET_V4, Format
from shared.flowlog.plain import decode_tuple
from shared.flowlog.tuples import Envelope, MalformedTupleError, read_mac

_NSG: Final = {1: NSG_V1, 2: NSG_V2}
_VNET: Final = {4: VNET_V4}
_CHUNK_BYTES: Final = 64 * 1024
_TUPLES_AT_ONCE: Final = 1000

type _Members = dict[str, Any]
type _Facts = tuple[str, str | None, str | None, str | None, str | None]
"""Rule, MAC address, ACL, resource and flow log of a group of tuples, as in `Envelope`."""
type _Group = tuple[list[Any], int, int, int, _Facts]
"""Tuples; the places of their record in the range, of the flow in the record and of the group in the flow; facts."""


class _UnusualError(Exception):
    """A log record is not of the usual form."""


def decode_fast(records: bytes, number: int = 0) -> Decoded | None:
    """Decode log records of the usual form, joined by commas; None if anything about a record is unusual.

    `number` is the place of the first record in its range. Every string of the text must be met on the way: then no
    key was in an object twice, and no tuple in a place that is not read. A text without backslashes has its tuples
    exactly as written, and none of them holds a newline.
    """
    if b"\\" in records:
        return None
    walk = _Walk(number)
    try:
        for chunk in _chunks(records):
            walk.records(orjson.loads(b"[%b]" % chunk))
    except (orjson.JSONDecodeError, KeyError, TypeError, _UnusualError):  # a key or a type is not what it usually is
        return None
    return walk.decoded if records.count(b'"') == 2 * walk.strings else None


def _chunks(records: bytes) -> Iterator[bytes]:
    """Cut between records, where it looks so, about every 64 KB: what stays in the processor's cache is faster.

    A cut in another place leaves two parts that are not JSON.
    """
    start = 0
    while (end := records.find(b"}},{", start + _CHUNK_BYTES)) >= 0:
        yield records[start : end + 2]
        start = end + 3
    yield records[start:]


class _Walk:
    """Goes through log records, counts the strings that it comes across and decodes the tuples."""

    def __init__(self, number: int) -> None:
        self.decoded = Decoded()
        self.strings = 0
        self._number = number

    def records(self, values: list[Any]) -> None:
        """Decode log records; an object with `records` alone stands for the records in it."""
        gathered = _Tuples(NSG_V2)
        waiting = values[::-1]
        while waiting:
            record = waiting.pop()
            if type(record) is not dict:
                raise _UnusualError
            self.strings += len(record) + [type(value) for value in record.values()].count(str)
            if len(record) == 1:
                inner = record["records"]
                if type(inner) is not list:
                    raise _UnusualError
                waiting += inner[::-1]
                continue
            if "flowTuples" in record:
                raise _UnusualError
            if "properties" not in record:
                kind, groups = self._vnet(record)
            elif "flowRecords" not in record:
                kind, groups = self._nsg(record)
            else:
                raise _UnusualError
            if kind is not gathered.kind:
                gathered.decode(self.decoded)
                gathered = _Tuples(kind)
            gathered.add(groups)
            self._number += 1
        gathered.decode(self.decoded)

    def _nsg(self, record: _Members) -> tuple[Format, list[_Group]]:
        properties, resource, card = record["properties"], record["resourceId"], record["macAddress"]
        flows, version = properties["flows"], properties["Version"]
        if not (type(version) is int and type(resource) is type(card) is str and type(flows) is list):
            raise _UnusualError
        found: list[_Group] = []
        number, met = self._number, 2
        for flow_place, flow in enumerate(flows):
            rule, groups = flow["rule"], flow["flows"]
            if not (type(rule) is str and type(groups) is list):
                raise _UnusualError
            met += 3
            for group_place, group in enumerate(groups):
                mac, tuples = group["mac"], group["flowTuples"]
                if not (type(mac) is str and type(tuples) is list):
                    raise _UnusualError
                met += 3 + len(tuples)
                found.append((tuples, number, flow_place, group_place, (rule, mac, None, resource, None)))
        self.strings += met
        return _NSG[version], found

    def _vnet(self, record: _Members) -> tuple[Format, list[_Group]]:
        flow_records, mac = record["flowRecords"], record["macAddress"]
        flows, resource, flow_log = flow_records["flows"], record["targetResourceID"], record["flowLogResourceID"]
        version = record["flowLogVersion"]
        if not (type(version) is int and type(mac) is type(resource) is type(flow_log) is str and type(flows) is list):
            raise _UnusualError
        found: list[_Group] = []
        number, met = self._number, 1
        for flow_place, flow in enumerate(flows):
            acl, groups = flow["aclID"], flow["flowGroups"]
            if not (type(acl) is str and type(groups) is list):
                raise _UnusualError
            met += 3
            for group_place, group in enumerate(groups):
                rule, tuples = group["rule"], group["flowTuples"]
                if not (type(rule) is str and type(tuples) is list):
                    raise _UnusualError
                met += 3 + len(tuples)
                found.append((tuples, number, flow_place, group_place, (rule, mac, acl, resource, flow_log)))
        self.strings += met
        return _VNET[version], found


class _Tuples:
    """Tuples of one format, from one group or from several."""

    def __init__(self, kind: Format) -> None:
        self.kind = kind
        self._texts: list[str] = []
        self._tails: list[str] = []
        self._groups: list[_Group] = []
        self._firsts: list[int] = []
        self._known_tails: dict[_Facts, str] = {}

    def add(self, groups: list[_Group]) -> None:
        """Add groups of tuples."""
        for tuples, _, _, _, facts in groups:
            tail = self._known_tails.get(facts)
            if tail is None:
                tail = self._known_tails[facts] = _tail(self.kind, *facts)
            self._firsts.append(len(self._texts))
            self._texts += tuples
            self._tails += [tail] * len(tuples)
        self._groups += groups

    def decode(self, decoded: Decoded) -> None:
        """Add what the tuples yield, in their order."""
        for start in range(0, len(self._texts), _TUPLES_AT_ONCE):
            rows = self.kind.rows(self._texts[start : start + _TUPLES_AT_ONCE])
            tails = self._tails[start : start + _TUPLES_AT_ONCE]
            if all(map(itemgetter(0), rows)) and all(tails):
                decoded.lines += self.kind.lines(rows, tails)
                continue
            done = 0
            for index in [index for index, row in enumerate(rows) if not (row[0] and tails[index])]:
                decoded.lines += self.kind.lines(rows[done:index], tails[done:index])
                self._decode_plainly(start + index, decoded)
                done = index + 1
            decoded.lines += self.kind.lines(rows[done:], tails[done:])

    def _decode_plainly(self, index: int, decoded: Decoded) -> None:
        at = bisect_right(self._firsts, index) - 1
        _, record, flow, group, facts = self._groups[at]
        position = f"records[{record}].{self.kind.position.format(flow, group)}.flowTuples[{index - self._firsts[at]}]"
        envelope = Envelope(self.kind.source, self.kind.version, *facts)
        decode_tuple(b'"%b"' % self._texts[index].encode(), envelope, position, decoded)


def _tail(kind: Format, rule: str, mac: str | None, acl: str | None, resource: str | None, flow_log: str | None) -> str:
    """Return the JSON of the keys that all records of a group share; empty if its MAC address is malformed."""
    try:
        shared = {
            "rule": rule,
            "mac": read_mac(mac),
            "acl_id": acl,
            "resource_id": resource,
            "flow_log_id": flow_log,
            "source": kind.source,
            "version": kind.version,
        }
    except MalformedTupleError:
        return ""
    return "," + orjson.dumps(shared).decode()[1:]
