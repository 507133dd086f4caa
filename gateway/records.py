"""Flow records and the keys they came under, in one DuckDB file that one process owns.

A post is stored in one transaction: its records and its idempotency key with the answer, or nothing. DuckDB writes the
transaction to its log and syncs it before `COMMIT` returns, so what was answered with 202 outlives a kill.

Records are loaded by DuckDB's own JSON reader from memory, the fastest of its ways in that need no further package:
five times as fast as lists of parameters, five hundred times as fast as `executemany`.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import orjson

from gateway.clock import from_ms, to_ms
from shared.flowlog.record import COUNTERS, KEYS

KEY_LIFE: Final = timedelta(days=35)
"""An idempotency key lives at least this long, and as long as its records."""

_INTEGERS: Final = {
    "time": "BIGINT",
    "src_port": "USMALLINT",
    "dst_port": "USMALLINT",
    "protocol": "UTINYINT",
    "version": "UTINYINT",
    **dict.fromkeys(COUNTERS, "BIGINT"),
}
_ADDRESSES: Final = {"src_ip": "src_number", "dst_ip": "dst_number"}
_COLUMNS: Final = {key: _INTEGERS.get(key, "VARCHAR") for key in KEYS} | dict.fromkeys(_ADDRESSES.values(), "UHUGEINT")
_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = f"""
    CREATE TABLE schema_version (version INTEGER NOT NULL);
    INSERT INTO schema_version VALUES ({_SCHEMA_VERSION});
    CREATE SEQUENCE post_id;
    CREATE TABLE posts (
        id BIGINT NOT NULL DEFAULT nextval('post_id'),
        customer BIGINT NOT NULL,
        key VARCHAR NOT NULL,
        body_hash BLOB NOT NULL,
        answer VARCHAR NOT NULL,
        accepted_at BIGINT NOT NULL,
        PRIMARY KEY (customer, key)
    );
    CREATE TABLE records (
        post BIGINT NOT NULL,
        customer BIGINT NOT NULL,
        {", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())}
    );
"""  # noqa: S608 - names and types from above
_RECORD: Final = ", ".join(f'"{key}"' for key in KEYS)
_READ_JSON: Final = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items()) + "}"


class UnknownSchemaError(Exception):
    """The file was written by another version of the gateway."""


@dataclass(frozen=True, slots=True)
class Post:
    """One accepted post, all but its records.

    Attributes:
        customer: The customer's number.
        key: The idempotency key.
        body_hash: SHA-256 of the uncompressed body.
        answer: The JSON that the post was first answered with.
        accepted_at: When.

    """

    customer: int
    key: str
    body_hash: bytes
    answer: bytes
    accepted_at: datetime


class Records:
    """The store of flow records. Every method may be called from any thread, and blocks: call none on an event loop."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._writing = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the store at a path, or begin it.

        Raises:
            duckdb.IOException: Another process has the file open.
            UnknownSchemaError: The file was written by another version of the gateway.

        """
        connection = duckdb.connect(path, config={"memory_limit": "512MB", "threads": 2})
        if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'schema_version'").fetchone():
            connection.execute(f"BEGIN; {_SCHEMA} COMMIT")
        version = connection.execute("SELECT version FROM schema_version").fetchone()
        if version != (_SCHEMA_VERSION,):
            connection.close()
            raise UnknownSchemaError(
                f"{path} was written by another version of the gateway. Start that one, or name another directory."
            )
        return cls(connection)

    def close(self) -> None:
        """Write everything into the file proper and let go of it."""
        with self._writing:
            self._connection.close()

    def check(self) -> None:
        """Make sure that the store answers.

        Raises:
            duckdb.Error: It does not.

        """
        self._connection.cursor().execute("SELECT version FROM schema_version").fetchall()

    def find(self, customer: int, key: str) -> Post | None:
        """Give the post that a customer sent under a key, if there is one."""
        return next(self._posts("WHERE customer = ? AND key = ?", [customer, key]), None)

    def store(self, post: Post, records: Sequence[Mapping[str, Any]]) -> None:
        """Store a post and its records, durably and in one transaction.

        Args:
            post: The post; its key must be new to its customer.
            records: Flow records that have passed `shared.flowlog.record.check`.

        Raises:
            duckdb.Error: Nothing was stored. A `ConstraintException` means that the key is there already.

        """
        numbered = [{**record, **{to: _number(record[key]) for key, to in _ADDRESSES.items()}} for record in records]
        with self._writing, self._transaction() as execute, _in_memory(orjson.dumps(numbered)) as path:
            row = execute(
                "INSERT INTO posts (customer, key, body_hash, answer, accepted_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
                [post.customer, post.key, post.body_hash, post.answer.decode(), to_ms(post.accepted_at)],
            ).fetchone()
            if records:
                execute(
                    f"INSERT INTO records SELECT ?, ?, * FROM read_json(?, format = 'array', columns = {_READ_JSON})",  # noqa: S608 - constants
                    [*(row or ()), post.customer, path],
                )

    def forget_keys(self, now: datetime) -> int:
        """Forget the keys that have outlived `KEY_LIFE` and their records; give how many."""
        with self._writing, self._transaction() as execute:
            gone = execute(
                """DELETE FROM posts WHERE accepted_at < ?
                   AND NOT EXISTS (SELECT 1 FROM records WHERE records.post = posts.id) RETURNING id""",
                [to_ms(now - KEY_LIFE)],
            )
            return len(gone.fetchall())

    def count(self, customer: int) -> int:
        """Count a customer's records."""
        row = self._connection.cursor().execute("SELECT count(*) FROM records WHERE customer = ?", [customer])
        return int((row.fetchone() or (0,))[0])

    def records(self, customer: int) -> Iterator[dict[str, Any]]:
        """Give a customer's records in no certain order, keys as in the flow record."""
        rows = self._connection.cursor().execute(f"SELECT {_RECORD} FROM records WHERE customer = ?", [customer])  # noqa: S608 - constants
        while batch := rows.fetchmany(10_000):
            for row in batch:
                yield dict(zip(KEYS, row, strict=True))

    def posts(self, customer: int) -> Iterator[Post]:
        """Give a customer's posts in the order in which they were stored."""
        return self._posts("WHERE customer = ? ORDER BY id", [customer])

    def _posts(self, where: str, parameters: list[object]) -> Iterator[Post]:
        rows = self._connection.cursor().execute(
            f"SELECT customer, key, body_hash, answer, accepted_at FROM posts {where}",  # noqa: S608 - ours
            parameters,
        )
        while row := rows.fetchone():
            customer, key, body_hash, answer, accepted_at = row
            yield Post(customer, key, body_hash, answer.encode(), from_ms(accepted_at))

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
        """Run statements in one transaction, which an exception undoes."""
        connection = self._connection.cursor()
        connection.begin()
        try:
            yield connection.execute
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


@lru_cache(maxsize=65_536)
def _number(address: str) -> str | int:
    """Give an address as a 128-bit number, IPv4 as `::ffff:a.b.c.d`, so that any network is one range of numbers."""
    parsed = ip_address(address)
    number = int(parsed)
    # JSON numbers end at 64 bits; DuckDB reads a longer one from its digits.
    return number | 0xFFFF_0000_0000 if isinstance(parsed, IPv4Address) else str(number)


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """Offer bytes as a file that never touches a disk, and of which a kill leaves nothing behind."""
    with open(os.memfd_create("records"), "wb", buffering=0) as file:  # noqa: PTH123 - a file without a path
        remaining = memoryview(content)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        yield f"/proc/self/fd/{file.fileno()}"
