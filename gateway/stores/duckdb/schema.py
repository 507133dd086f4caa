"""What the DuckDB file holds, from version to version. Times are milliseconds from the epoch."""

from pathlib import Path
from typing import Any, Final

import duckdb

from gateway.stores.duckdb.counting.batch import HOUR_MS
from gateway.stores.duckdb.errors import opening
from gateway.stores.migrations import Schema, Step

_SETTINGS: Final[dict[str, Any]] = {
    "memory_limit": "512MB",
    "threads": 2,
    # Nothing is ever fetched from outside.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_VERSION_0_1: Final = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    "INSERT INTO schema_version VALUES (3)",
    "CREATE SEQUENCE post_id",
    """
    CREATE TABLE posts (
        id BIGINT NOT NULL DEFAULT nextval('post_id'),
        customer BIGINT NOT NULL,
        key VARCHAR NOT NULL,
        body_hash BLOB NOT NULL,
        answer VARCHAR NOT NULL,
        accepted_at BIGINT NOT NULL,
        account VARCHAR,
        log VARCHAR,
        newest BIGINT,
        rejected UINTEGER NOT NULL,
        PRIMARY KEY (customer, key)
    )
    """,
    """
    CREATE TABLE refusals (
        customer BIGINT NOT NULL,
        account VARCHAR NOT NULL,
        refused_at BIGINT NOT NULL,
        status USMALLINT NOT NULL,
        message VARCHAR NOT NULL,
        PRIMARY KEY (customer, account)
    )
    """,
    "CREATE TYPE direction AS ENUM ('inbound', 'outbound')",
    "CREATE TYPE decision AS ENUM ('allow', 'deny')",
    "CREATE TYPE state AS ENUM ('begin', 'continue', 'end', 'deny')",
    "CREATE TYPE direction_basis AS ENUM ('listen', 'peer_listen', 'ephemeral', 'unknown')",
    "CREATE TYPE counter_source AS ENUM ('tcp_info', 'none')",
    """
    CREATE TABLE records (
        post BIGINT NOT NULL,
        line UINTEGER NOT NULL,
        customer BIGINT NOT NULL,
        time BIGINT NOT NULL,
        src_number UHUGEINT NOT NULL,
        src_port USMALLINT,
        dst_number UHUGEINT NOT NULL,
        dst_port USMALLINT NOT NULL,
        protocol UTINYINT NOT NULL,
        direction direction,
        decision decision,
        state state,
        direction_basis direction_basis,
        counter_source counter_source,
        packets_src_to_dst BIGINT,
        bytes_src_to_dst BIGINT,
        packets_dst_to_src BIGINT,
        bytes_dst_to_src BIGINT,
        links_established BIGINT,
        links_terminated BIGINT,
        links_failed BIGINT,
        links_live BIGINT,
        rule_id INTEGER NOT NULL,
        origin_id INTEGER NOT NULL
    )
    """,
    "CREATE TABLE rules (id INTEGER NOT NULL, name VARCHAR)",
    """
    CREATE TABLE origins (
        id INTEGER NOT NULL,
        encryption VARCHAR,
        mac VARCHAR,
        acl_id VARCHAR,
        resource_id VARCHAR,
        flow_log_id VARCHAR,
        source VARCHAR,
        version UTINYINT NOT NULL,
        host VARCHAR,
        process VARCHAR,
        -- 1: the source address was written as IPv6 though it is IPv4, 2: the destination, 3: both.
        mapped UTINYINT NOT NULL
    )
    """,
)

_COUNTED: Final = (
    # What pages sum: the bytes of both directions of the records that count, and no others.
    "ALTER TABLE records ADD COLUMN counted_bytes BIGINT DEFAULT 0",
    "ALTER TABLE records ADD COLUMN counted BOOLEAN DEFAULT false",
    """
    CREATE TABLE facts (
        customer BIGINT NOT NULL,
        hour INTEGER NOT NULL,
        address UHUGEINT,
        nic VARCHAR,
        flow_log VARCHAR
    )
    """,
    "CREATE TABLE unsettled (customer BIGINT NOT NULL, hour INTEGER NOT NULL, unmarked BOOLEAN NOT NULL)",
    f"INSERT INTO unsettled SELECT DISTINCT customer, time // {HOUR_MS}, true FROM records",  # noqa: S608
)

_LONGEST_TEXT: Final = {"acl_id": 1024, "resource_id": 1024, "flow_log_id": 1024}
_OTHER_TEXT: Final = 512
_ORIGIN: Final = (
    *("encryption", "mac", "acl_id", "resource_id", "flow_log_id", "source", "version"),
    *("host", "process", "mapped"),
)


def _cut(text: str) -> str:
    """Cut a text that is longer than it may be by now, so that two that differ go on to differ."""
    most = _LONGEST_TEXT.get(text, _OTHER_TEXT)
    cut = f"left({text}, 100) || '... (cut: ' || strlen({text}) || ' bytes, SHA-256 ' || sha256({text}) || ')'"
    return f"CASE WHEN strlen({text}) > {most} THEN {cut} ELSE {text} END AS {text}"


def _by_customer(table: str, key: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Move what all customers share into a table in which each has its own, under the numbers that records have."""
    texts = [column for column in columns if column not in {"version", "mapped"}]
    cut = ", ".join(_cut(column) if column in texts else column for column in columns)
    written = " || ".join(f"coalesce(strlen({column}::VARCHAR) || ':' || {column}, '-')" for column in columns)
    names = ", ".join(columns)
    return (
        f"""
        INSERT INTO {table} (customer, {key}, digest, text_bytes, {names})
        WITH cut AS MATERIALIZED (SELECT id, {cut} FROM {table}_of_all),
        used AS (SELECT DISTINCT customer, {key} FROM records)
        SELECT customer, {key}, ('0x' || left(sha256({written}), 32))::UHUGEINT, strlen({written}), {names}
        FROM used JOIN cut ON id = {key}
        """,  # noqa: S608 - names of ours
        f"DROP TABLE {table}_of_all",
    )


def _digested(table: str, columns: tuple[str, ...]) -> str:
    """Tell what is stored once apart by what is there, under its name: a further column changes nothing."""
    each = (f"coalesce('{name}=' || strlen({name}::VARCHAR) || ':' || {name}, '')" for name in sorted(columns))
    written = " || ".join(each)
    return f"""
        UPDATE {table} SET digest = ('0x' || left(sha256({written}), 32))::UHUGEINT, text_bytes = strlen({written})
    """  # noqa: S608 - names of ours


_STEPS: Final = (
    Step("posts that records were erased from", ("ALTER TABLE posts ADD COLUMN erased_at BIGINT",)),
    Step("bytes that count once, whoever logged them", _COUNTED),
    Step(
        "names of rules, and what else records repeat, for each customer apart; those too long by now are cut, marked",
        (
            # Version 0.1 took texts of 31 MiB, and the engine reads 2,048 of them at once.
            "RESET memory_limit",
            "ALTER TABLE rules RENAME TO rules_of_all",
            "ALTER TABLE origins RENAME TO origins_of_all",
            """
            CREATE TABLE rules (
                customer BIGINT NOT NULL,
                rule_id INTEGER NOT NULL,
                digest UHUGEINT NOT NULL,
                text_bytes UINTEGER NOT NULL,
                name VARCHAR
            )
            """,
            """
            CREATE TABLE origins (
                customer BIGINT NOT NULL,
                origin_id INTEGER NOT NULL,
                digest UHUGEINT NOT NULL,
                text_bytes UINTEGER NOT NULL,
                encryption VARCHAR,
                mac VARCHAR,
                acl_id VARCHAR,
                resource_id VARCHAR,
                flow_log_id VARCHAR,
                source VARCHAR,
                version UTINYINT NOT NULL,
                host VARCHAR,
                process VARCHAR,
                mapped UTINYINT NOT NULL
            )
            """,
            *_by_customer("rules", "rule_id", ("name",)),
            *_by_customer("origins", "origin_id", _ORIGIN),
            "SET memory_limit = '512MB'",
        ),
    ),
    Step(
        "which posts agents sent, and since when an account is refused",
        (
            "ALTER TABLE posts ADD COLUMN by_agent BOOLEAN",
            # As agents have to write their keys: AGENT-ID:MILLISECONDS.
            """
            UPDATE posts SET by_agent =
                account IS NULL AND regexp_full_match(key, '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}:[0-9]+')
            """,
            "ALTER TABLE refusals ADD COLUMN since BIGINT",
            "UPDATE refusals SET since = refused_at",
        ),
    ),
    Step(
        "of which times each post is, the hours whose marks turned, and who talked to whom each day",
        (
            "ALTER TABLE posts ADD COLUMN first_time BIGINT",
            "ALTER TABLE posts ADD COLUMN last_time BIGINT",
            """
            UPDATE posts SET first_time = spans.first, last_time = spans.last
            FROM (SELECT post, min(time) AS first, max(time) AS last FROM records GROUP BY post) AS spans
            WHERE spans.post = posts.id
            """,
            """
            CREATE TABLE turned_hours (
                id BIGINT NOT NULL DEFAULT nextval('post_id'),
                customer BIGINT NOT NULL,
                hour INTEGER NOT NULL
            )
            """,
            "CREATE TABLE turned_records (post BIGINT NOT NULL, line UINTEGER NOT NULL, counts BOOLEAN NOT NULL)",
            """
            CREATE TABLE observers (
                customer BIGINT NOT NULL,
                observer INTEGER NOT NULL,
                kind VARCHAR NOT NULL,
                name VARCHAR NOT NULL
            )
            """,
            """
            CREATE TABLE edges (
                customer BIGINT NOT NULL,
                day INTEGER NOT NULL,
                observer INTEGER NOT NULL,
                peer UHUGEINT NOT NULL,
                protocol UTINYINT NOT NULL,
                port USMALLINT NOT NULL,
                direction direction,
                decision decision,
                records BIGINT NOT NULL,
                connections HUGEINT NOT NULL,
                bytes_src_to_dst HUGEINT NOT NULL,
                bytes_dst_to_src HUGEINT NOT NULL,
                first BIGINT NOT NULL,
                last BIGINT NOT NULL
            )
            """,
            "CREATE TABLE edges_merged (post BIGINT NOT NULL)",
            "INSERT INTO edges_merged VALUES (0)",
        ),
    ),
    Step(
        "what records repeat is known by what is there, so that further fields change nothing",
        (_digested("rules", ("name",)), _digested("origins", _ORIGIN)),
    ),
)

SCHEMA: Final = Schema(
    first=3,
    make=_VERSION_0_1,
    steps=_STEPS,
    begin="BEGIN TRANSACTION",
    mark="UPDATE schema_version SET version = {}",
)
"""The schema of `records.duckdb`."""


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a file, which no other process may have open, or begin an empty one.

    Raises:
        StoreUnavailableError: Another process has it open, or it can't be read.
    """
    with opening(path):
        return duckdb.connect(path, config=_SETTINGS)


def version_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the version of an open file; 0 if it is empty."""
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'schema_version'").fetchone():
        return 0
    row = connection.execute("SELECT version FROM schema_version").fetchone()
    return int(row[0]) if row else 0
