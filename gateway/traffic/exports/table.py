"""CSV (RFC 4180) for people and their spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from gateway.clock import from_ms
from shared.flowlog.record import AGENT_KEYS, KEYS

_HEADER: Final = (*KEYS, *AGENT_KEYS)
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write records as CSV: a header of the flow record's keys, an agent's at the end, then a line each.

    Times are ISO 8601 in UTC, and absent values are empty. A text that a spreadsheet would take for a formula gets an
    apostrophe before it: whoever names a rule must not run commands on the machine of whoever reads about it.
    """
    line = io.StringIO()
    write = csv.writer(line, lineterminator="\r\n").writerow
    write(_HEADER)
    yield _taken(line)
    for record in records:
        moment = from_ms(record["time"]).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        write([moment, *(_harmless(record.get(key)) for key in _HEADER[1:])])
        yield _taken(line)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA) else value


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
