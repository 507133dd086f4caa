"""The stores that the contract is held against. A further one joins in `KINDS`, and all of this runs over it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.stores.duckdb.records import DuckDBRecords
from gateway.traffic.store import RecordStore


@dataclass(frozen=True)
class Opened:
    """A store that two writers have open at the same time.

    Attributes:
        first: What one writer has; where one process owns the store, both have the same.
        second: What the other one has.
    """

    first: RecordStore
    second: RecordStore

    def close(self) -> None:
        for store in {id(each): each for each in (self.first, self.second)}.values():
            store.close()


def _duckdb(directory: Path) -> Opened:
    store = DuckDBRecords.open(directory / "records.duckdb")
    return Opened(store, store)


KINDS: dict[str, Callable[[Path], Opened]] = {"duckdb": _duckdb}
"""What opens each kind of store in a directory, and opens it again."""
