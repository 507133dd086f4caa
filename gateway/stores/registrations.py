"""The deployments that `terraform apply` registered, each in an Azure subscription, including those that are gone."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database
from gateway.stores.errors import AmbiguousError


@dataclass(frozen=True, slots=True)
class Registration:
    """A deployment that is, or was, registered in a subscription.

    Attributes:
        subscription_id: The subscription's id, in lower case.
        deployment: The deployment's name there.
        content: What was registered, as in the HTTP API, without the credential.
        registered_at: When it was first registered, or registered again after it was gone.
        gone_at: When `terraform destroy` or an administrator ended it; None while it is in force.
    """

    subscription_id: str
    deployment: str
    content: dict[str, Any]
    registered_at: datetime
    gone_at: datetime | None

    @property
    def key(self) -> str:
        """What tells it from the customer's others in an address, whatever characters its names have."""
        return sha256(f"{self.subscription_id} {self.deployment}".encode()).hexdigest()[:32]

    @property
    def cloud(self) -> str | None:
        """The name of the cloud that the subscription is in; None if the module did not send it, as in version 0.1."""
        return self.content.get("cloud")

    @property
    def credential_expires_at(self) -> datetime | None:
        """When the application's credential expires; None if the module did not send it, as in version 0.1."""
        sent = self.content.get("credentialExpiresAt")
        return None if sent is None else datetime.fromisoformat(sent)

    @property
    def storage_accounts(self) -> frozenset[str]:
        """The names of the storage accounts that it delivers from."""
        return frozenset(region["storageAccount"] for region in self.content["regions"])


class Registrations:
    """The store of registrations. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, customer: int, subscription_id: str, content: dict[str, Any], now: datetime) -> bool:
        """Register the deployment that a registration names, or replace its registration; return whether it was not
        registered.
        """
        deployment = content["deployment"]
        with self._database.transaction():
            known = self._database.run(
                """SELECT 1 FROM azure_subscriptions
                   WHERE customer = ? AND subscription_id = ? AND deployment = ? AND gone_at IS NULL""",
                customer,
                subscription_id,
                deployment,
            )
            self._database.run(
                """INSERT INTO azure_subscriptions (customer, subscription_id, deployment, registration, registered_at)
                   VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (customer, subscription_id, deployment) DO UPDATE SET
                       registration = excluded.registration,
                       registered_at = iif(gone_at IS NULL, registered_at, excluded.registered_at),
                       gone_at = NULL""",
                customer,
                subscription_id,
                deployment,
                orjson.dumps(content).decode(),
                to_ms(now),
            )
        return not known

    def all(self, customer: int) -> list[Registration]:
        """Return a customer's registrations: those in force, then those gone, each group newest first."""
        rows = self._database.run(
            """SELECT subscription_id, deployment, registration, registered_at, gone_at FROM azure_subscriptions
               WHERE customer = ?
               ORDER BY gone_at IS NOT NULL, coalesce(gone_at, registered_at) DESC, subscription_id, deployment""",
            customer,
        )
        return [
            Registration(
                subscription_id,
                deployment,
                orjson.loads(content),
                from_ms(registered),
                None if gone is None else from_ms(gone),
            )
            for subscription_id, deployment, content, registered, gone in rows
        ]

    def in_force(self, customer: int) -> list[Registration]:
        """Return a customer's registrations in force, newest first."""
        return [each for each in self.all(customer) if each.gone_at is None]

    def only_deployment(self, customer: int, subscription_id: str) -> str | None:
        """Return the one deployment that is registered in a subscription; None if there is none.

        Raises:
            AmbiguousError: There are several.
        """
        rows = self._database.run(
            """SELECT deployment FROM azure_subscriptions
               WHERE customer = ? AND subscription_id = ? AND gone_at IS NULL""",
            customer,
            subscription_id,
        )
        if len(rows) > 1:
            raise AmbiguousError(f"{len(rows)} deployments are registered in {subscription_id}. Name one of them.")
        return rows[0][0] if rows else None

    def end(self, customer: int, subscription_id: str, deployment: str, now: datetime) -> bool:
        """Mark a customer's registration as gone; return whether it was in force."""
        return bool(
            self._database.run(
                """UPDATE azure_subscriptions SET gone_at = ?
                   WHERE customer = ? AND subscription_id = ? AND deployment = ? AND gone_at IS NULL RETURNING 1""",
                to_ms(now),
                customer,
                subscription_id,
                deployment,
            )
        )
