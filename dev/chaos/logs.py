"""Made-up flow logs in which every tuple is unique, so that each that is lost or doubled is seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address
from itertools import count
from random import Random
from typing import Any, Final

import orjson

from dev.flowlogs.formats import KEYS, flow_record, write_tuple
from dev.flowlogs.minutes import log_record
from dev.flowlogs.nics import Format, Nic
from dev.flowlogs.traffic import Counters, Direction, Flow, Report, State

REFUSED_ADDRESS: Final = "192.0.2.66"
"""The gateway answers 400 to a batch in which this destination occurs."""
REJECTED_ADDRESS: Final = "192.0.2.77"
"""The gateway takes a batch without the lines in which this destination occurs."""
_PLAIN_ADDRESS: Final = "192.0.2.10"
_FIRST_ADDRESS: Final = IPv4Address("10.64.0.0")
_RULES: Final = ("DefaultRule_AllowInternetOutBound", "UserRule_web")
_SOURCE_PORT: Final = 3
"""The field of a tuple, in all formats."""


class Quirk(Enum):
    """What is odd about a tuple.

    NONE: nothing, it must be stored. MALFORMED: it breaks a rule of the format, and must be set aside as it stands.
    REFUSED, REJECTED: its flow record is such that the gateway does not want it, and must be set aside.
    """

    NONE = "none"
    MALFORMED = "malformed"
    REFUSED = "refused"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Log records that are committed together, and what must become of them.

    Attributes:
        data: The records, joined by commas.
        stored: The flow records that must be stored, in canonical text.
        aside: What must be set aside: tuples as written, flow records in canonical text.
    """

    data: bytes
    stored: tuple[str, ...]
    aside: tuple[str, ...]


class LogWriter:
    """Makes up chunks of log; no two tuples of one writer are equal."""

    def __init__(self, random: Random, quirks: Mapping[Quirk, float], *, first: int = 0) -> None:
        """Take the chance of each quirk (the rest of the tuples have none), and the number of the first tuple."""
        self._random = random
        self._quirks = quirks
        self._serials = count(first)

    def chunk(self, nic: Nic, time: datetime) -> Chunk:
        """Make up what one block of a commit holds: one to three log records."""
        log_records, stored, aside = [], list[str](), list[str]()
        for _ in range(self._random.choice((1, 1, 2, 3))):
            lines = []
            for report, quirk in self._reports(nic, time):
                text = write_tuple(nic.format, report)
                record = canonical(dict(zip(KEYS, flow_record(nic, report), strict=True)))
                if quirk is Quirk.NONE:
                    stored.append(record)
                elif quirk is Quirk.MALFORMED:
                    text = _malformed(text)
                    aside.append(text)
                else:
                    aside.append(record)
                lines.append((report.flow.rule, text))
            log_records.append(log_record(nic, time, lines))
        return Chunk(b",".join(log_records), tuple(stored), tuple(aside))

    def _reports(self, nic: Nic, time: datetime) -> Iterator[tuple[Report, Quirk]]:
        for _ in range(self._random.randint(1, 12)):
            serial, quirk = next(self._serials), self._quirk()
            flow = Flow(
                source=_FIRST_ADDRESS + serial,
                source_port=self._random.randint(1024, 65535),
                destination=IPv4Address(_destination(quirk)),
                destination_port=443,
                protocol=6,
                direction=Direction.OUTBOUND,
                rule=self._random.choice(_RULES),
                encryption="NX",
            )
            seen = time - timedelta(seconds=self._random.randint(4, 64))
            if nic.format is Format.NSG_1 or self._random.choice((True, False)):
                yield Report(seen, flow, State.BEGIN), quirk
            else:
                yield Report(seen, flow, State.CONTINUE, Counters(serial, serial * 60, 1, 60)), quirk

    def _quirk(self) -> Quirk:
        dice = self._random.random()
        for quirk, chance in self._quirks.items():
            dice -= chance
            if dice < 0:
                return quirk
        return Quirk.NONE


def canonical(record: Mapping[str, Any]) -> str:
    """Return a flow record as text that is equal for equal records, in whatever order their keys come."""
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()


def _destination(quirk: Quirk) -> str:
    return {Quirk.REFUSED: REFUSED_ADDRESS, Quirk.REJECTED: REJECTED_ADDRESS}.get(quirk, _PLAIN_ADDRESS)


def _malformed(text: str) -> str:
    fields = text.split(",")
    fields[_SOURCE_PORT] = f"0{fields[_SOURCE_PORT]}"
    return ",".join(fields)
