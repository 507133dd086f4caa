"""Reading a DuckDB file beside whoever writes to it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from typing import Any

import duckdb

from gateway.stores.duckdb.errors import translated
from gateway.stores.duckdb.watch import Patience, stopped_after

type Rows = Callable[[str, Sequence[object] | Mapping[str, object]], Iterator[tuple[Any, ...]]]
"""Runs a query, as `Reading.rows`."""

_BETWEEN_TRIES = 0.01
"""Seconds: the engine does not say when a query of another thread ends."""


class OpenFile:
    """An open file, of which any thread takes cursors: the engine refuses a call while another one is under way."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._calls = threading.Lock()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the file."""
        with self._calls:
            return self._connection.cursor()

    def close(self) -> None:
        """Write everything into the file proper and close it, as soon as no query runs."""
        while not self._closed_now():
            time.sleep(_BETWEEN_TRIES)

    def _closed_now(self) -> bool:
        with self._calls:
            try:
                self._connection.close()
            except duckdb.ResourceInUseException:
                return False
        return True


class Reading:
    """Runs queries."""

    def __init__(self, connection: OpenFile, patience: Patience | None = None) -> None:
        """Read from an open file.

        Args:
            connection: The file.
            patience: How long all queries together may take; without, as long as they do.
        """
        self._connection = connection
        self._patience = patience

    def rows(self, query: str, parameters: Sequence[object] | Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
        """Run a query beside everything else; it sees what was stored when it began.

        Args:
            query: A statement of our own; whatever a person wrote is a parameter.
            parameters: One for each `?`, or for each `$name`.

        Raises:
            TooSlowError: It took longer than it may, or nobody waits for it any more.
            StoreUnavailableError: It can't be run.
        """
        with translated(), closing(self._connection.cursor()) as cursor:
            with nullcontext() if self._patience is None else stopped_after(self._patience, cursor):
                cursor.execute(query, parameters)
            # The watch is over by now, but its last word may come a moment after the query is done.
            while rows := cursor.fetchmany(10_000):
                yield from rows

    def value(self, query: str, parameters: Sequence[object] = ()) -> Any:  # noqa: ANN401 - what the query asks for
        """Return the one value of a query that has one row of one column."""
        ((value,),) = self.rows(query, parameters)
        return value
