"""Data directories of earlier versions, and what is in them row by row."""

import getpass
import hashlib
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from gateway.stores import accounts_schema
from gateway.stores.audit_log import Action
from gateway.stores.duckdb import schema as records_schema

_VERSION_0_1 = Path(__file__).parent / "version_0_1" / "data.tar.gz"
FIRST = (3, 3)
"""The versions of the records and of all else in version 0.1."""
NOW = (records_schema.SCHEMA.version, accounts_schema.SCHEMA.version)
"""The present ones."""
RENAMED = {("rules", "id"): "rule_id", ("origins", "id"): "origin_id", ("journal", "deed"): "action"}
"""Columns of version 0.1, by their current names."""
TABLES = {"journal": "audit_log"}
"""Tables likewise."""
PHRASES = {
    Action.SIGN_IN_REFUSED: "was refused to sign in",
    Action.MADE_TOKEN: "made a subscription token",
    Action.MADE_HOLD: "made a hold",
    Action.SAVED_MACHINE: "saved a configuration item",
    Action.REMOVED_MACHINE: "removed a configuration item",
    Action.DEREGISTERED: "took a subscription's registration away",
}
"""Phrases of version 0.1, which stored phrases, where the words of the action are different now."""
type Rows = dict[str, list[tuple[Any, ...]]]


class Usage(NamedTuple):
    """How full a disk is."""

    total: int
    used: int
    free: int


def version_0_1(folder: Path) -> Path:
    """Unpack the data directory that version 0.1 wrote."""
    data = folder / "data"
    with tarfile.open(_VERSION_0_1) as archive:
        archive.extractall(data, filter="data")
    return data


def versions(data: Path) -> tuple[int, int]:
    """Return the versions of the records and of all else."""
    with closing(duckdb.connect(data / "records.duckdb", read_only=True)) as records:
        (records_version,) = records.execute("SELECT version FROM schema_version").fetchone() or (0,)
    with closing(sqlite3.connect(data / "accounts.sqlite")) as accounts:
        (accounts_version,) = accounts.execute("PRAGMA user_version").fetchone()
    return records_version, accounts_version


def rows(data: Path, columns: dict[str, list[str]] | None = None) -> Rows:
    """Return what is in all tables of both files, or in these columns of these tables."""
    with (
        closing(duckdb.connect(data / "records.duckdb", read_only=True)) as records,
        closing(sqlite3.connect(data / "accounts.sqlite")) as accounts,
    ):
        there = {table: (file, names) for file in (records, accounts) for table, names in _columns(file).items()}
        del there["schema_version"]
        if columns is None:
            return {table: _rows(*there[table], table, table, names) for table, (_, names) in there.items()}
        now = {table: table if table in there else TABLES[table] for table in columns}
        return {table: _rows(*there[now[table]], table, now[table], names) for table, names in columns.items()}


def columns(data: Path) -> dict[str, list[str]]:
    """Return the names of the columns of all tables of both files."""
    with (
        closing(duckdb.connect(data / "records.duckdb", read_only=True)) as records,
        closing(sqlite3.connect(data / "accounts.sqlite")) as accounts,
    ):
        found = {**_columns(records), **_columns(accounts)}
    return {table: names for table, names in found.items() if table != "schema_version"}


def _columns(file: Any) -> dict[str, list[str]]:
    tables = (
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()"
        if isinstance(file, duckdb.DuckDBPyConnection)
        else "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {
        table: [row[1] for row in file.execute(f"PRAGMA table_info('{table}')").fetchall()]
        for (table,) in file.execute(tables).fetchall()
    }


def _rows(file: Any, there: list[str], table: str, now: str, names: list[str]) -> list[tuple[Any, ...]]:
    known = [name if name in there else RENAMED[table, name] for name in names]
    # What all customers shared in version 0.1, each of them has now.
    distinct = "DISTINCT" if known != names else ""
    found = file.execute(f"SELECT {distinct} {', '.join(known)} FROM {now}").fetchall()
    if now != table:
        action = known.index("action")
        found = [(*row[:action], _phrase(Action(row[action])), *row[action + 1 :]) for row in found]
    return sorted(found, key=repr)


def _phrase(action: Action) -> str:
    return PHRASES.get(action, action.words)


def files(data: Path) -> dict[str, str]:
    """Return what tells the contents of a directory's files apart, as they are on the disk."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in data.iterdir()}


def open_to_everybody(folder: Path) -> None:
    """Let every user come to a folder of the tests, as for a program that is run without root's rights."""
    for place in (folder, *folder.parents):
        if place.owner() == getpass.getuser() and place.is_relative_to(tempfile.gettempdir()):
            place.chmod(place.stat().st_mode | 0o055)
