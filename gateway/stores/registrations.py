"""The Azure subscriptions that `terraform apply` registered, including those that are gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database


@dataclass(frozen=True, slots=True)
class Registration:
    """A subscription that is, or was, registered.

    Attributes:
        subscription_id: The subscription's id, in lower case.
        content: What was registered, as in the HTTP API, without the credential.
        registered_at: When it was first registered, or registered again after it was gone.
        gone_at: When `terraform destroy` removed it; None while it is registered.
    """

    subscription_id: str
    content: dict[str, Any]
    registered_at: datetime
    gone_at: datetime | None


class Registrations:
    """The store of registrations. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, customer: int, subscription_id: str, content: dict[str, Any], now: datetime) -> bool:
        """Register a customer's subscription, or replace its registration; return whether it was not registered."""
        with self._database.transaction():
            known = self._database.run(
                "SELECT 1 FROM azure_subscriptions WHERE customer = ? AND subscription_id = ? AND gone_at IS NULL",
                customer,
                subscription_id,
            )
            self._database.run(
                """INSERT INTO azure_subscriptions (customer, subscription_id, registration, registered_at)
                   VALUES (?, ?, ?, ?)
                   ON CONFLICT (customer, subscription_id) DO UPDATE SET
                       registration = excluded.registration,
                       registered_at = iif(gone_at IS NULL, registered_at, excluded.registered_at),
                       gone_at = NULL""",
                customer,
                subscription_id,
                orjson.dumps(content).decode(),
                to_ms(now),
            )
        return not known

    def all(self, customer: int) -> list[Registration]:
        """Return a customer's registrations: those in force, then those gone, each group newest first."""
        rows = self._database.run(
            """SELECT subscription_id, registration, registered_at, gone_at FROM azure_subscriptions
               WHERE customer = ?
               ORDER BY gone_at IS NOT NULL, coalesce(gone_at, registered_at) DESC, subscription_id""",
            customer,
        )
        return [
            Registration(
                subscription_id, orjson.loads(content), from_ms(registered), None if gone is None else from_ms(gone)
            )
            for subscription_id, content, registered, gone in rows
        ]

    def in_force(self, customer: int) -> dict[str, dict[str, Any]]:
        """Return a customer's registrations in force, by subscription id."""
        return {each.subscription_id: each.content for each in self.all(customer) if each.gone_at is None}

    def end(self, customer: int, subscription_id: str, now: datetime) -> bool:
        """Mark a customer's registration as gone; return whether it was in force."""
        return bool(
            self._database.run(
                """UPDATE azure_subscriptions SET gone_at = ?
                   WHERE customer = ? AND subscription_id = ? AND gone_at IS NULL RETURNING 1""",
                to_ms(now),
                customer,
                subscription_id,
            )
        )
