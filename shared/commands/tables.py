"""Tables, sizes and times for people."""

import sys
from datetime import datetime, timedelta
from typing import TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from shared.commands.output import printable

_WIDTH_WITHOUT_TERMINAL = 160


def print_table(table: Table, stream: TextIO | None = None) -> None:
    """Print a table, by default on stdout; if that is not a terminal, it is wide, so that each row is one line."""
    file = stream or sys.stdout
    width = None if file.isatty() else _WIDTH_WITHOUT_TERMINAL
    Console(file=file, width=width, markup=False, emoji=False, highlight=False).print(table)


def new_table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    """Return an empty table; columns of `numbers` are aligned to the right and never wrapped."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_number = column in numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def add_row(table: Table, *cells: str, style: str | None = None) -> None:
    """Add a row of plain text."""
    table.add_row(*map(printable, cells), style=style)


def size(count: int) -> str:
    """Return a number of bytes for people."""
    return decimal(count)


def duration(length: timedelta) -> str:
    """Return a length of time for people, in its two largest units."""
    seconds = int(length.total_seconds())
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    largest = next((number for number, (_, unit) in enumerate(units) if seconds >= unit), 3)
    parts = []
    for name, unit in units[largest : largest + 2]:
        count, seconds = divmod(seconds, unit)
        parts += [f"{count} {name}"] if count else []
    return " ".join(parts) or "none"


def moment(time: datetime) -> str:
    """Return a time for people, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S}"
