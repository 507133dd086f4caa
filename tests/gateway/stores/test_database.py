import sqlite3
import threading

import pytest

from gateway.stores import database as database_module
from gateway.stores.database import Database
from gateway.stores.migrations import OtherVersionError


def test_a_file_of_another_version_is_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OtherVersionError, match="newer version"):
        Database.open(path)


def names(database):
    return [name for (name,) in database.run("SELECT name FROM customers ORDER BY name")]


def test_a_transaction_that_fails_leaves_nothing(database):
    def fail_half_way():
        with database.transaction():
            database.run("INSERT INTO customers (name) VALUES ('one')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert names(database) == []


def test_a_transaction_inside_another_is_part_of_it(database):
    def fail_afterwards():
        with database.transaction():
            with database.transaction():
                database.run("INSERT INTO customers (name) VALUES ('one')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_afterwards()
    assert names(database) == []


def test_no_other_thread_gets_into_a_transaction(database):
    other = threading.Thread(target=database.run, args=("INSERT INTO customers (name) VALUES ('other')",))
    with pytest.raises(RuntimeError), database.transaction():  # noqa: PT012
        database.run("INSERT INTO customers (name) VALUES ('one')")
        other.start()
        raise RuntimeError
    other.join()
    assert names(database) == ["other"]


def test_two_first_starts_at_once_begin_one_file(path, monkeypatch):
    opened = []

    def behind_another(connection):
        found = version(connection)
        if not opened:
            monkeypatch.undo()
            opened.append(Database.open(path))
        return found

    version = database_module.version_of
    monkeypatch.setattr(database_module, "version_of", behind_another)
    opened.append(Database.open(path))
    keys = [each.run("SELECT key FROM signing_key") for each in opened]
    for each in opened:
        each.close()
    assert keys[0] == keys[1]
    assert len(keys[0]) == 1
