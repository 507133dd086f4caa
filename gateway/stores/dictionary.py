"""Numbers in place of what many records repeat, such as the name of a rule: each is stored once, in a table of its own.

This is what makes records small: ten million take some 260 MB instead of several GB, and are grouped by number.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Execute = Callable[..., Any]
"""Runs a statement with its parameters."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Values as numbers.

    Attributes:
        numbers: One for each value, in their order.
        new: The values that had no number yet, with the ones that they got.

    """

    numbers: list[int]
    new: Mapping[tuple[Hashable, ...], int]


class Dictionary:
    """The numbers of one table's rows. One writer at a time: it calls `number`, `write`, and once committed `learn`."""

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        """Describe the table.

        Args:
            table: Its name.
            columns: Its columns, all but `id`, with their types.

        """
        self._table = table
        self._columns = columns
        self._known: dict[tuple[Hashable, ...], int] = {}

    @property
    def schema(self) -> str:
        """The statement that makes the table."""
        described = ", ".join(f"{name} {kind}" for name, kind in self._columns.items())
        return f"CREATE TABLE {self._table} (id INTEGER NOT NULL, {described});"

    def read(self, execute: Execute) -> None:
        """Read what the table holds."""
        rows = execute(f"SELECT {', '.join(self._columns)}, id FROM {self._table}").fetchall()  # noqa: S608 - names of ours
        self._known = {tuple(values): number for *values, number in rows}

    def number(self, values: Sequence[tuple[Hashable, ...]]) -> Numbered:
        """Give each value its number, and those that are new the next ones."""
        known = self._known
        new = {value: number for number, value in enumerate(set(values) - known.keys(), len(known))}
        return Numbered(list(map({**known, **new}.__getitem__ if new else known.__getitem__, values)), new)

    def write(self, execute: Execute, numbered: Numbered) -> None:
        """Write new values into the table."""
        places = ", ".join("?" * (len(self._columns) + 1))
        for value, number in numbered.new.items():
            execute(f"INSERT INTO {self._table} VALUES ({places})", [number, *value])  # noqa: S608 - a name of ours

    def learn(self, numbered: Numbered) -> None:
        """Know new values from now on: they are committed."""
        self._known.update(numbered.new)
