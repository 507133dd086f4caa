"""Customers, as the operator sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer.

    Attributes:
        number: Its number.
        name: Its name.
        users: How many people sign in for it.
        tokens: How many valid subscription tokens it has.
        holds: How many holds it has in force.
        removal_began_at: When its removal began; None if it has not.
    """

    number: int
    name: str
    users: int
    tokens: int
    holds: int
    removal_began_at: datetime | None


class Customers:
    """Reads customers from the SQLite file. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, now: datetime) -> list[Customer]:
        """Return all customers by name."""
        return [_customer(*row) for row in self._database.run(f"{_SELECT} ORDER BY name", to_ms(now))]

    def find(self, name: str, now: datetime) -> Customer | None:
        """Return the customer with a name, if there is one."""
        rows = self._database.run(f"{_SELECT} WHERE name = ?", to_ms(now), name)
        return _customer(*rows[0]) if rows else None


_SELECT: Final = """
    SELECT id, name,
        (SELECT count(*) FROM users WHERE customer = customers.id),
        (SELECT count(*) FROM subscription_tokens
            WHERE customer = customers.id AND expires_at > ? AND revoked_at IS NULL),
        (SELECT count(*) FROM holds WHERE customer = customers.id AND lifted_at IS NULL),
        (SELECT began_at FROM removals WHERE customer = customers.id)
    FROM customers
"""


def _customer(*row: Any) -> Customer:  # noqa: ANN401 - as the columns are
    number, name, users, tokens, holds, began_at = row
    return Customer(number, name, users, tokens, holds, None if began_at is None else from_ms(began_at))
