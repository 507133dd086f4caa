"""Flow records as CSV."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.clock import from_ms
from gateway.spreadsheet import csv_lines
from shared.flowlog.record import AGENT_KEYS, KEYS

_HEADER: Final = (*KEYS, *AGENT_KEYS)


def record_csv_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write records as CSV: a header of the flow record's keys, an agent's at the end, then a line each.

    Times are ISO 8601 in UTC.
    """
    return csv_lines(_HEADER, map(_row, records))


def _row(record: Mapping[str, Any]) -> list[object]:
    moment = from_ms(record["time"]).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [moment, *map(record.get, _HEADER[1:])]
