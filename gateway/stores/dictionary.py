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
        self._next = 0

    def read(self, execute: Execute) -> None:
        """Read what the table holds."""
        rows = execute(f"SELECT {', '.join(self._columns)}, id FROM {self._table}").fetchall()  # noqa: S608 - names of ours
        self._known = {tuple(values): number for *values, number in rows}
        self._next = max(self._known.values(), default=-1) + 1

    def number(self, values: Sequence[tuple[Hashable, ...]]) -> Numbered:
        """Give each value its number, and those that are new the next ones."""
        known = self._known
        new = {value: number for number, value in enumerate(set(values) - known.keys(), self._next)}
        return Numbered(list(map({**known, **new}.__getitem__ if new else known.__getitem__, values)), new)

    def write(self, execute: Execute, numbered: Numbered) -> None:
        """Write new values into the table, all at once: one by one, a post of many would hold up all others."""
        if numbered.new:
            columns = zip(*((number, *value) for value, number in numbered.new.items()), strict=True)
            kinds = ("INTEGER", *self._columns.values())
            unnested = ", ".join(f"unnest(?::{kind}[])" for kind in kinds)
            execute(f"INSERT INTO {self._table} SELECT {unnested}", list(map(list, columns)))

    def forget(self, execute: Execute, used: str) -> None:
        """Forget what no record refers to any more.

        Args:
            execute: Runs a statement, in a transaction after which `read` must be called.
            used: The column of `records` that refers to the table.

        """
        # Without DISTINCT it takes ten times as long, in which nobody else writes.
        execute(f"DELETE FROM {self._table} WHERE id NOT IN (SELECT DISTINCT {used} FROM records)")  # noqa: S608 - ours

    def learn(self, numbered: Numbered) -> None:
        """Know new values from now on: they are committed."""
        self._known.update(numbered.new)
        self._next += len(numbered.new)
