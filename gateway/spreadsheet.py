"""CSV (RFC 4180) for people and their spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Write a header and rows, a line each; absent values are empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: whoever names a rule must not run
    commands on the machine of whoever reads about it.
    """
    line = io.StringIO()
    write = csv.writer(line, lineterminator="\r\n").writerow
    write(header)
    yield _taken(line)
    for row in rows:
        write([_harmless(value) for value in row])
        yield _taken(line)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA) else value


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
