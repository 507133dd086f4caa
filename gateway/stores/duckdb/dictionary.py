"""Numbers in place of values that many records repeat, such as a rule's name: each is stored once, in a separate table.

This makes records small: ten million take some 260 MB instead of several GB, and are grouped by number.

Every customer has its own numbers, so that customers do not affect each other. Only recently used entries are kept in
memory; all others are looked up by a digest, once per post.
"""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import duckdb
import numpy as np

from gateway.stores.duckdb.known import Known
from gateway.stores.duckdb.usage import Admit, of_texts

type _Array = np.ndarray[Any, Any]
type Values = tuple[Hashable, ...]
"""What is stored once: a text, a number or None for each column."""

_KNOWN: Final = 100_000
"""How many numbers of a table are kept in memory; each takes some 250 bytes."""
_DIGEST_BYTES: Final = 16
TEXT: Final = "VARCHAR"
NUMBER: Final = "UTINYINT"
_NUMBERS: Final = 2**31
"""The most numbers of a customer: they are stored as INTEGER."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Values as numbers.

    Attributes:
        numbers: One for each value, in the same order.
        learned: The numbers that were not known, by the values' digests.
    """

    numbers: list[int]
    learned: Mapping[Hashable, int]


class _Entry(NamedTuple):
    """A row of values, and how many bytes they have as written for the digest."""

    values: Values
    size: int


class _Written(dict[Hashable, bytes]):
    """What a digest is made of, by value of a column: nothing that differs is written alike, whatever stands beside it.

    An absent value writes nothing, so that a column which is added changes no digest.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name.encode()

    def __missing__(self, value: Hashable) -> bytes:
        text = str(value).encode()
        self[value] = written = b"" if value is None else b"%b=%d:%b" % (self._name, len(text), text)
        return written


@dataclass(frozen=True, slots=True)
class Repeated:
    """The values that the records of a post repeat.

    Attributes:
        values: Those of each record.
        entries: The distinct ones, by digest.
    """

    values: Sequence[Values]
    entries: Mapping[bytes, _Entry]

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Values]) -> Self:
        """Tell values apart by digests; a step of the schema does so in SQL.

        Args:
            names: What the columns are called.
            values: Those of each record, in the columns' order.
        """
        # In the order of the names, so that the columns' own order means nothing.
        columns = [(place, _Written(names[place])) for place in sorted(range(len(names)), key=names.__getitem__)]
        entries = {}
        for entry in set(values):
            written = b"".join(column[entry[place]] for place, column in columns)
            entries[hashlib.sha256(written).digest()[:_DIGEST_BYTES]] = _Entry(entry, len(written))
        return cls(values, entries)


class Dictionary:
    """The numbers of one table's rows. There is one writer at a time, which calls `number`, and `learn` after the
    commit.
    """

    def __init__(self, table: str, key: str, columns: Mapping[str, str]) -> None:
        """Describe the table.

        Args:
            table: Its name.
            key: The column of its numbers, which has the same name in `records`.
            columns: Its columns besides `customer`, the numbers, `digest` and `text_bytes`, with their types.
        """
        self._table = table
        self._key = key
        self._columns = columns
        self._known = Known(_KNOWN)
        self._next: dict[int, int] = {}

    def number(self, cursor: duckdb.DuckDBPyConnection, customer: int, repeated: Repeated, admit: Admit) -> Numbered:
        """Return the number of each value, in an open transaction; new values are stored under the next numbers.

        Args:
            cursor: Where the transaction is open.
            customer: Whose values they are.
            repeated: The values to number.
            admit: Called with the size of new values before they are stored; raises an exception to undo the
                transaction.
        """
        numbers: dict[Values, int] = {}
        unknown: dict[bytes, _Entry] = {}
        for digest, entry in repeated.entries.items():
            number = self._known.find(customer, digest)
            if number is None:
                unknown[digest] = entry
            else:
                numbers[entry.values] = number
        learned = self._look_up(cursor, customer, unknown) if unknown else {}
        new = {digest: entry for digest, entry in unknown.items() if digest not in learned}
        if new:
            admit(of_texts(len(new), sum(entry.size for entry in new.values())))
            learned |= self._store(cursor, customer, new)
        numbers |= {entry.values: learned[digest] for digest, entry in unknown.items()}
        return Numbered(list(map(numbers.__getitem__, repeated.values)), learned)

    def learn(self, customer: int, numbered: Numbered) -> None:
        """Remember new numbers once they are committed."""
        self._known.learn(customer, numbered.learned)
        if customer in self._next and numbered.learned:
            self._next[customer] = max(self._next[customer], max(numbered.learned.values()) + 1)

    def forget(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Delete, in an open transaction, what no record refers to any more; call `forgotten` after the commit."""
        # Without DISTINCT it takes ten times as long, and blocks all writers.
        cursor.execute(f"""
            DELETE FROM {self._table} WHERE NOT EXISTS (
                SELECT 1 FROM (SELECT DISTINCT customer, {self._key} FROM records) AS used
                WHERE used.customer = {self._table}.customer AND used.{self._key} = {self._table}.{self._key}
            )
        """)  # noqa: S608 - names of ours

    def forgotten(self) -> None:
        """Forget all remembered numbers, since some are no longer in the table."""
        self._known.forget()
        self._next.clear()

    def _look_up(
        self, cursor: duckdb.DuckDBPyConnection, customer: int, digests: Iterable[bytes]
    ) -> dict[Hashable, int]:
        wanted = list(digests)
        cursor.register("wanted", {"place": np.arange(len(wanted)), **_halves(wanted)})
        rows = cursor.execute(
            f"""SELECT place, {self._key} FROM {self._table} JOIN wanted ON digest = {_DIGEST}
                WHERE customer = ?""",  # noqa: S608 - names of ours
            [customer],
        ).fetchall()
        return {wanted[place]: number for place, number in rows}

    def _store(
        self, cursor: duckdb.DuckDBPyConnection, customer: int, new: Mapping[bytes, _Entry]
    ) -> dict[Hashable, int]:
        """Store values all at once: one by one, a post with many would hold up all others."""
        numbers = self._free(cursor, customer, len(new))
        columns = zip(*(entry.values for entry in new.values()), strict=True)
        texts = {
            name: _array(kind, values) for (name, kind), values in zip(self._columns.items(), columns, strict=True)
        }
        sizes = np.array([entry.size for entry in new.values()])
        cursor.register("new", {"number": np.array(numbers), **_halves(list(new)), "size": sizes, **texts})
        read = ", ".join(_read(name, kind) for name, kind in self._columns.items())
        cursor.execute(
            f"""INSERT INTO {self._table} (customer, {self._key}, digest, text_bytes, {", ".join(self._columns)})
                SELECT ?, number, {_DIGEST}, size, {read} FROM new""",  # noqa: S608 - names of ours
            [customer],
        )
        return dict(zip(new, numbers, strict=True))

    def _free(self, cursor: duckdb.DuckDBPyConnection, customer: int, count: int) -> list[int]:
        """Return numbers that a customer has not used."""
        own = f"FROM {self._table} WHERE customer = ?"
        if customer not in self._next:
            ((first,),) = cursor.execute(f"SELECT coalesce(max({self._key}) + 1, 0) {own}", [customer]).fetchall()
            self._next[customer] = int(first)
        first = self._next[customer]
        if first + count <= _NUMBERS:
            return list(range(first, first + count))
        # All numbers have been used once: some of the first ones are free, since far fewer are in use.
        rows = cursor.execute(
            f"""SELECT range FROM range((SELECT count(*) {own}) + ?)
                WHERE range NOT IN (SELECT {self._key} {own}) ORDER BY range LIMIT ?""",  # noqa: S608 - names of ours
            [customer, count, customer, count],
        ).fetchall()
        return [int(number) for (number,) in rows]


_DIGEST: Final = "((high::UHUGEINT << 64) | low)"


def _array(kind: str, values: Sequence[Hashable]) -> _Array:
    """Return a column's values as an array, of which DuckDB tells the type by looking at some of them."""
    if kind == TEXT:
        return np.array(["" if value is None else f"={value}" for value in values], dtype=object)
    return np.array(values)


def _read(name: str, kind: str) -> str:
    """Read in SQL what `_array` wrote."""
    return f"if({name} = '', NULL, substr({name}, 2))" if kind == TEXT else name


def _halves(digests: Sequence[bytes]) -> dict[str, _Array]:
    """Return digests as pairs of 64-bit numbers, since numpy has no 128-bit ones."""
    halves = np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return {"high": np.ascontiguousarray(halves[:, 0]), "low": np.ascontiguousarray(halves[:, 1])}
