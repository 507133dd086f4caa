"""One minute of one NIC's log: the log records that Azure appends, and what must become of their tuples."""

import datetime as dt
import functools
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dev.flowlogs.formats import FlowRecord, flow_record, is_logged, write_tuple
from dev.flowlogs.malformed import break_tuple
from dev.flowlogs.nics import Format, Nic
from dev.flowlogs.traffic import Report, Traffic

_RECORD_BYTES = 32_270  # where real log records are cut: full ones have 32,210 to 32,270 bytes
_NEWEST = dt.timedelta(seconds=4)  # a log record holds what happened from 64 to 4 seconds before its time
_WINDOW = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Minute:
    """What a NIC's log gains in one minute.

    `time` is that of its log records, which are compact JSON; `flow_records` must be stored, `set_aside` are the
    malformed tuples, as written. Both may hold equal ones.
    """

    time: dt.datetime
    log_records: tuple[bytes, ...]
    flow_records: Counter[FlowRecord]
    set_aside: Counter[str]

    @property
    def tuples(self) -> int:
        return self.flow_records.total() + self.set_aside.total()


class MinuteMaker:
    """Makes the log of one NIC, minute after minute; the same for the same seed."""

    def __init__(self, nic: Nic, seed: int, bad_share: float = 0.0) -> None:
        """Break a share (0 to 1) of the tuples."""
        self._nic = nic
        self._bad_share = bad_share
        self._traffic = Traffic(nic, seed)
        self._random = random.Random(f"{seed} {nic.mac} minutes")
        # Every NIC reports at its own second, always the same.
        self._offset = dt.timedelta(seconds=self._random.randrange(60), microseconds=self._random.randrange(1_000_000))

    def minute(self, start: dt.datetime) -> Minute:
        """Return the log records whose time is in the minute from `start`; starts must go up by a minute each."""
        time = start + self._offset
        flow_records = Counter[FlowRecord]()
        set_aside = Counter[str]()
        lines: list[tuple[str, str]] = []
        for report in self._reports(time - _NEWEST - _WINDOW):
            text = write_tuple(self._nic.format, report)
            if self._random.random() < self._bad_share:
                text = break_tuple(text, self._random)
                set_aside[text] += 1
            else:
                flow_records[flow_record(self._nic, report)] += 1
            lines.append((report.flow.rule, text))
        return Minute(time, _log_records(self._nic, time, lines), flow_records, set_aside)

    def _reports(self, start: dt.datetime) -> Iterable[Report]:
        logged = (report for report in self._traffic.minute(start) if is_logged(self._nic.format, report))
        return sorted(logged, key=lambda report: report.flow.rule)  # within a rule by time


def minute_of(nic: Nic, time: dt.datetime, reports: Sequence[Report]) -> Minute:
    """Return the log records of a time (aware) that tell of certain reports, which are of one rule and in order."""
    lines = [(report.flow.rule, write_tuple(nic.format, report)) for report in reports]
    flow_records = Counter(flow_record(nic, report) for report in reports)
    return Minute(time, _log_records(nic, time, lines), flow_records, Counter())


def _log_records(nic: Nic, time: dt.datetime, lines: Iterable[tuple[str, str]]) -> tuple[bytes, ...]:
    return tuple(log_record(nic, time, part) for part in _cut(nic, time, lines))


def _cut(nic: Nic, time: dt.datetime, lines: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Yield parts of (rule, tuple) that each make a log record as large as may be."""
    empty = len(log_record(nic, time, []))
    of_rule = functools.cache(lambda rule: len(log_record(nic, time, [(rule, "")])) - empty - len('""'))
    part: list[tuple[str, str]] = []
    size = empty
    for rule, text in lines:
        cost = len(f'"{text}",') + (0 if part and part[-1][0] == rule else of_rule(rule))
        if part and size + cost > _RECORD_BYTES:
            yield part
            part, size = [], empty
            cost = len(f'"{text}",') + of_rule(rule)
        part.append((rule, text))
        size += cost
    if part:
        yield part


def log_record(nic: Nic, time: dt.datetime, lines: Iterable[tuple[str, str]]) -> bytes:
    """Return one log record of a time (aware) that holds tuples, each given as its rule and text."""
    rules: dict[str, list[str]] = {}
    for rule, text in lines:
        rules.setdefault(rule, []).append(text)
    envelope = _vnet_envelope if nic.format is Format.VNET_4 else _nsg_envelope
    stamp = f"{time.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
    return json.dumps({"time": stamp, **envelope(nic, rules)}, separators=(",", ":")).encode()


def _nsg_envelope(nic: Nic, rules: dict[str, list[str]]) -> dict[str, Any]:
    flows = [{"rule": rule, "flows": [{"mac": nic.mac, "flowTuples": tuples}]} for rule, tuples in rules.items()]
    return {
        "systemId": "b1c0ffee-43c6-458e-b53c-d707f958c66b",
        "macAddress": nic.mac,
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": nic.resource_id,
        "operationName": "NetworkSecurityGroupFlowEvents",
        # A rule without traffic may stand there, empty.
        "properties": {"Version": nic.format.value, "flows": [*flows, {"rule": "UserRule_unused", "flows": []}]},
    }


def _vnet_envelope(nic: Nic, rules: dict[str, list[str]]) -> dict[str, Any]:
    flows = [
        {"aclID": nic.acl_id(rule), "flowGroups": [{"rule": rule, "flowTuples": tuples}]}
        for rule, tuples in rules.items()
    ]
    return {
        "flowLogGUID": "36094b6b-6999-48cf-8052-f8815f6732d9",
        "macAddress": nic.mac,
        "category": "FlowLogFlowEvent",
        "flowLogResourceID": nic.flow_log_id,
        "targetResourceID": nic.resource_id,
        "flowLogVersion": nic.format.value,
        "operationName": "FlowLogFlowEvent",
        "flowRecords": {"flows": flows},
    }
