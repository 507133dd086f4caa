"""CSV (RFC 4180) for people and their spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield a header and rows as lines of CSV; absent values are empty.

    A text that a spreadsheet would treat as a formula gets an apostrophe before it: somebody who names a rule must not
    be able to run commands on a reader's machine.
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
