"""Carries an operation out on one customer after another: killed before its first change, the next after it, and so on.

The customers are named by numbers from 0. Prints how many were killed, the last one not being.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from gateway.operator import deleting
from gateway.operator.operations import OPERATIONS
from gateway.stores.stores import open_stores
from tests.gateway.operator.removing.two_customers import work


class Countdown:
    """Kills this process at a change, of whichever file."""

    def __init__(self, changes: int) -> None:
        self._left = changes

    def count(self, statement: str) -> None:
        if statement.strip().startswith("SELECT"):
            return
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


class Counted:
    """A connection or cursor whose changes are counted."""

    def __init__(self, connection: Any, countdown: Countdown) -> None:
        self._connection = connection
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *parameters: Any) -> Any:
        self._countdown.count(statement)
        return self._connection.execute(statement, *parameters)

    def commit(self) -> None:
        self._countdown.count("COMMIT")
        self._connection.commit()

    def cursor(self) -> "Counted":
        return Counted(self._connection.cursor(), self._countdown)


def carry_out(data: Path, name: str, customer: str, changes: int) -> None:
    """Carry an operation out, unless killed."""
    deleting._SIZE = 1
    stores, countdown = open_stores(data), Countdown(changes)
    for store in (stores.database, stores.records):
        store._connection = Counted(store._connection, countdown)
    OPERATIONS[name](work(stores, customer, search="ip:10.0.0.4"))
    os._exit(0)


def main(data: Path, name: str) -> None:
    killed = 0
    while True:
        if not (child := os.fork()):
            carry_out(data, name, str(killed), killed)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
        killed += 1
    sys.stdout.write(str(killed))


main(Path(sys.argv[1]), sys.argv[2])
