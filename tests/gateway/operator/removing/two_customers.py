"""A data directory of two customers, contoso and fabrikam, who have rows in every table; and what belongs to whom."""

import sqlite3
import tarfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from gateway.clock import utc_now
from gateway.operator.work import Work
from gateway.stores.stores import Stores, open_stores
from gateway.stores.upgrade import upgrade
from gateway.traffic.budget import Budget

_VERSION_0_1 = Path(__file__).parents[2] / "stores" / "version_0_1" / "data.tar.gz"


def unpack(data: Path) -> None:
    """Make the directory."""
    data.mkdir()
    with tarfile.open(_VERSION_0_1) as archive:
        archive.extractall(data, filter="data")
    upgrade(data, lambda _told: None)
    with open_stores(data) as stores:
        now = utc_now()
        for customer in stores.customers.all(now):
            hold = stores.holds.add(customer.number, "port:22", now - timedelta(1), now, "a case", "ada", now)
            stores.holds.lift(customer.number, hold, now)
            stores.database.run("INSERT INTO retention VALUES (?, 'nsg', 30)", customer.number)
            stores.database.run("INSERT INTO collected SELECT id, 0 FROM items WHERE customer = ?", customer.number)
            for deployment in stores.deployments.all(customer.number):
                stores.deployments.note_download(customer.number, deployment.name, now)
            stores.budgets.set(customer.number, Budget(100_000, 10**9))
        while stores.records.merge_edges():
            pass


def work(stores: Stores, customer: str, **arguments: Any) -> Work:
    """Return what an operation on a customer works with."""
    asked = {"customer": customer, "who": "the tests", "look_only": False} | arguments
    return Work(stores, utc_now, lambda _told: None, asked)


def accounts_of(data: Path, customer: int) -> dict[str, list[Any]]:
    """Return a customer's rows of the SQLite file, by table: those of every table that leads to its number."""
    with closing(sqlite3.connect(data / "accounts.sqlite")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        conditions = {name: _condition(connection, name) for name in names}
        return {
            name: connection.execute(
                f"SELECT * FROM {name} WHERE {condition} ORDER BY 1, 2", {"of": customer}
            ).fetchall()
            for name, condition in conditions.items()
            if condition is not None
        }


def accounts_of_nobody(data: Path) -> set[str]:
    """Return the tables of the SQLite file that lead to no customer."""
    with closing(sqlite3.connect(data / "accounts.sqlite")) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        return {name for name in names if _condition(connection, name) is None}


def _condition(connection: sqlite3.Connection, table: str) -> str | None:
    """Return what finds the rows of a customer in a table, by its columns and what it refers to."""
    if table == "customers":
        return "id = :of"
    if "customer" in {column for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")}:
        return "customer = :of"
    for _, _, parent, column, *_ in connection.execute(f"PRAGMA foreign_key_list({table})"):
        if (condition := _condition(connection, parent)) is not None:
            return f'"{column}" IN (SELECT id FROM {parent} WHERE {condition})'
    return None


def records_of(data: Path, customer: int) -> dict[str, list[Any]]:
    """Return a customer's rows of the DuckDB file, by table; records as they are read back."""
    with duckdb.connect(data / "records.duckdb", read_only=True) as connection:
        found = {
            table: connection.execute(f"SELECT * FROM {table} WHERE customer = ? ORDER BY ALL", [customer]).fetchall()
            for table, is_of_customers in _tables(connection)
            if is_of_customers
        }
        found["records"] = connection.execute(
            """SELECT records.* EXCLUDE (rule_id, origin_id), rules.name, origins.* EXCLUDE (customer, origin_id)
               FROM records LEFT JOIN rules USING (customer, rule_id) LEFT JOIN origins USING (customer, origin_id)
               WHERE customer = ? ORDER BY post, line""",
            [customer],
        ).fetchall()
    return found


def records_of_nobody(data: Path) -> set[str]:
    """Return the tables of the DuckDB file that have no customer."""
    with duckdb.connect(data / "records.duckdb", read_only=True) as connection:
        return {table for table, is_of_customers in _tables(connection) if not is_of_customers}


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    return connection.execute(
        "SELECT table_name, bool_or(column_name = 'customer') FROM duckdb_columns() WHERE NOT internal GROUP BY ALL"
    ).fetchall()


def repeated_by_nobody(data: Path) -> int:
    """Count what stands in the tables of what records repeat, and no record repeats."""
    with duckdb.connect(data / "records.duckdb", read_only=True) as connection:
        (row,) = connection.execute(
            """SELECT (SELECT count(*) FROM rules ANTI JOIN records USING (customer, rule_id))
                    + (SELECT count(*) FROM origins ANTI JOIN records USING (customer, origin_id))"""
        ).fetchall()
    return int(row[0])
