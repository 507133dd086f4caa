"""The formats of exported records."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.traffic.exports.ocsf import ocsf_lines
from gateway.traffic.exports.table import record_csv_lines

_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A format of export.

    Attributes:
        name: As people call it.
        suffix: The end of the file's name.
        media_type: For the response's header.
        lines: Writes records, a line each.
    """

    name: str
    suffix: str
    media_type: str
    lines: Callable[[Iterable[Mapping[str, Any]]], Iterator[bytes]]


def ndjson_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write records as `POST /qas/flow-logs` takes them."""
    return (orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)


FORMATS: Final = (
    Format("CSV", "csv", "text/csv; charset=utf-8; header=present", record_csv_lines),
    Format("NDJSON", "ndjson", "application/x-ndjson", ndjson_lines),
    Format("OCSF", "ocsf.ndjson", "application/x-ndjson", ocsf_lines),
)


def chunks(lines: Iterable[bytes]) -> Generator[bytes]:
    """Join lines to chunks of about 64 KB, so that a long export is not sent line by line."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
