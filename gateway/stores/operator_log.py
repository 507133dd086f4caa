"""The operator's log: what operators did, and when. It belongs to no customer, and outlives them all."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database


class Action(StrEnum):
    """An action. Codes are stored and never change; people read the words."""

    REMOVED_CUSTOMER = "customer_removed"
    SET_BUDGET = "budget_set"

    @property
    def words(self) -> str:
        """The text after the actor's name."""
        return _WORDS[self]


_WORDS: Final = {Action.REMOVED_CUSTOMER: "removed a customer", Action.SET_BUDGET: "set a budget"}


@dataclass(frozen=True, slots=True)
class Done:
    """An entry of a log.

    Attributes:
        at: When.
        who: The operating system's name of the user.
        action: The action.
        subject: What it was done to.
    """

    at: datetime
    who: str
    action: Action
    subject: str


class OperatorLog:
    """The store of the operator's log. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, now: datetime, who: str, action: Action, subject: str) -> None:
        """Write an entry, in the transaction of the change, so that neither exists without the other."""
        self._database.run(
            """INSERT INTO operator_log (id, at, who, action, subject)
               SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ? FROM operator_log""",
            to_ms(now),
            who,
            action,
            subject,
        )

    def all(self) -> list[Done]:
        """Return all entries, the newest first."""
        rows = self._database.run("SELECT at, who, action, subject FROM operator_log ORDER BY id DESC")
        return [Done(from_ms(at), who, Action(action), subject) for at, who, action, subject in rows]
