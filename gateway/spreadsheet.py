"""CSV (RFC 4180) for people and their spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.visible import visible

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@")


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    r"""Yield a header and rows as lines of CSV; absent values are empty.

    A text that a spreadsheet would treat as a formula gets an apostrophe before it: somebody who names a rule must not
    be able to run commands on a reader's machine. Control and format characters are written as `\u202e`: at some of
    them programs stop reading, others turn the text around.
    """
    line = io.StringIO()
    write = csv.writer(line, lineterminator="\r\n").writerow
    write(header)
    yield _taken(line)
    for row in rows:
        write([_harmless(value) for value in row])
        yield _taken(line)


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_STARTS_A_FORMULA) else shown


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
