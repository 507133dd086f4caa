"""Flow Logs configurations: the storage accounts that a deployment delivers from. Connection strings are encrypted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.clock import from_ms, to_ms
from gateway.stores.database import Database
from gateway.stores.errors import ChangedError, GoneError, KeyLostError, TakenError
from gateway.stores.vault import Vault


@dataclass(frozen=True, slots=True)
class StorageAccount:
    """A storage account that Network Watcher writes flow logs to.

    Attributes:
        name: Its name in Azure.
        region: Its location, such as `eastus`.
    """

    name: str
    region: str


@dataclass(frozen=True, slots=True)
class NewStorageAccount:
    """A storage account to save.

    Attributes:
        account: The part that is shown.
        connection_string: Its secret; None keeps the deployment's stored one for the account with this name.
    """

    account: StorageAccount
    connection_string: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A configuration, without its secrets.

    Attributes:
        name: Unique for each customer.
        subscription_id: The Azure subscription that it is for, in lower case.
        accounts: Its storage accounts, in the order of entry.
        saved_at: When it was last saved.
        downloaded_at: When its scripts were last downloaded; None if they never were.
    """

    name: str
    subscription_id: str
    accounts: tuple[StorageAccount, ...]
    saved_at: datetime
    downloaded_at: datetime | None = None

    @property
    def mark(self) -> str:
        """A value that distinguishes it from earlier and later versions under its name."""
        return str(to_ms(self.saved_at))


@dataclass(frozen=True, slots=True)
class Configured:
    """Where a storage account is configured.

    Attributes:
        deployment: The name of the configuration, the first if there are several.
        saved_at: When that was last saved.
    """

    deployment: str
    saved_at: datetime


def taken_account(account: str, deployment: str) -> str:
    """Return why a storage account can't be added to a second deployment."""
    return (
        f"{account} is already in the deployment {deployment}. Two would deliver the same logs: they are stored once, "
        f"but cost twice. Change {deployment}, or remove this account here."
    )


class Deployments:
    """The store of configurations. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(
        self, customer: int, name: str, subscription_id: str, accounts: Sequence[NewStorageAccount], now: datetime
    ) -> None:
        """Save a new configuration; every account must have its connection string.

        Raises:
            TakenError: The customer already has a deployment with this name, or with one of the accounts.
        """
        with self._database.transaction():
            added = self._database.run(
                """INSERT INTO deployments (customer, name, subscription_id, saved_at) VALUES (?, ?, ?, ?)
                   ON CONFLICT DO NOTHING RETURNING id""",
                customer,
                name,
                subscription_id,
                to_ms(now),
            )
            if not added:
                raise TakenError(f"There is already a deployment {name}. Choose another name.")
            self._put_accounts(customer, added[0][0], accounts, {})

    def replace(
        self,
        customer: int,
        name: str,
        subscription_id: str,
        accounts: Sequence[NewStorageAccount],
        now: datetime,
        seen: str = "",
    ) -> None:
        """Replace the configuration with this name.

        Args:
            customer: Whose it is.
            name: Its name.
            subscription_id: The Azure subscription that it is for.
            accounts: Its storage accounts.
            now: The present moment.
            seen: The `Deployment.mark` of the one to replace; empty to replace whichever there is.

        Raises:
            GoneError: There is none.
            ChangedError: Somebody has changed it since, or it has no connection string to keep for one of its accounts.
            TakenError: One of the accounts that are new to it is in another deployment.
        """
        with self._database.transaction():
            stored = self.find(customer, name)
            if stored is not None and seen not in {"", stored.mark}:
                raise ChangedError(
                    f"Somebody else has changed {name} in the meantime. Open it again, and make your change there."
                )
            rows = self._database.run(
                "UPDATE deployments SET subscription_id = ?, saved_at = ? WHERE customer = ? AND name = ? RETURNING id",
                subscription_id,
                to_ms(now),
                customer,
                name,
            )
            if not rows:
                raise GoneError(f"The deployment {name} no longer exists. Configure it again.")
            kept = self._database.run(
                "SELECT name, connection_string FROM storage_accounts WHERE deployment = ?", rows[0][0]
            )
            self._database.run("DELETE FROM storage_accounts WHERE deployment = ?", rows[0][0])
            self._put_accounts(customer, rows[0][0], accounts, dict(kept))

    def _put_accounts(
        self, customer: int, deployment: int, accounts: Sequence[NewStorageAccount], kept: dict[str, bytes]
    ) -> None:
        elsewhere = self.configured(customer)
        for position, each in enumerate(accounts):
            name = each.account.name
            # What an earlier version allowed in two deployments can still be changed there.
            if name not in kept and name in elsewhere:
                raise TakenError(taken_account(name, elsewhere[name].deployment))
            if each.connection_string is not None:
                sealed = self._vault.seal(each.connection_string)
            elif name in kept:
                sealed = kept[name]
            else:
                raise ChangedError(f"There is no stored connection string for {name}. Enter it.")
            self._database.run(
                "INSERT INTO storage_accounts VALUES (?, ?, ?, ?, ?)",
                deployment,
                position,
                name,
                each.account.region,
                sealed,
            )

    def all(self, customer: int) -> list[Deployment]:
        """Return a customer's configurations by name."""
        names = self._database.run("SELECT name FROM deployments WHERE customer = ? ORDER BY name", customer)
        found = (self.find(customer, name) for (name,) in names)
        return [each for each in found if each is not None]

    def configured(self, customer: int) -> dict[str, Configured]:
        """Return the storage accounts that a customer has configured, by name."""
        rows = self._database.run(
            """SELECT storage_accounts.name, deployments.name, saved_at
               FROM storage_accounts JOIN deployments ON deployments.id = deployment
               WHERE customer = ? ORDER BY deployments.name DESC, position""",
            customer,
        )
        return {account: Configured(deployment, from_ms(saved_at)) for account, deployment, saved_at in rows}

    def configured_by_all(self) -> list[tuple[int, str]]:
        """Return the storage accounts that all customers have configured, each with its customer's number."""
        return self._database.run(
            """SELECT DISTINCT customer, storage_accounts.name
               FROM storage_accounts JOIN deployments ON deployments.id = deployment"""
        )

    def find(self, customer: int, name: str) -> Deployment | None:
        """Return a customer's configuration with a name, if there is one."""
        with self._database.transaction():
            rows = self._database.run(
                """SELECT id, subscription_id, saved_at, downloads.at
                   FROM deployments LEFT JOIN downloads ON deployment = id WHERE customer = ? AND name = ?""",
                customer,
                name,
            )
            if not rows:
                return None
            number, subscription_id, saved_at, downloaded_at = rows[0]
            accounts = self._database.run(
                "SELECT name, region FROM storage_accounts WHERE deployment = ? ORDER BY position", number
            )
        return Deployment(
            name,
            subscription_id,
            tuple(StorageAccount(*each) for each in accounts),
            from_ms(saved_at),
            None if downloaded_at is None else from_ms(downloaded_at),
        )

    def connection_strings(self, customer: int, name: str) -> dict[str, str]:
        """Return the connection strings of a configuration, by account name.

        Raises:
            KeyLostError: They can't be decrypted.
        """
        rows = self._database.run(
            """SELECT storage_accounts.name, connection_string
               FROM storage_accounts JOIN deployments ON deployments.id = deployment
               WHERE customer = ? AND deployments.name = ? ORDER BY position""",
            customer,
            name,
        )
        return {account: self._vault.unseal(sealed) for account, sealed in rows}

    def note_download(self, customer: int, name: str, now: datetime) -> None:
        """Record that the scripts of a configuration were downloaded."""
        self._database.run(
            """INSERT INTO downloads (deployment, at) SELECT id, ? FROM deployments WHERE customer = ? AND name = ?
               ON CONFLICT (deployment) DO UPDATE SET at = excluded.at""",
            to_ms(now),
            customer,
            name,
        )

    def sealed_for_good(self) -> list[tuple[str, str]]:
        """Return the customers and names of configurations with a connection string that the key can't decrypt."""
        rows = self._database.run(
            """SELECT DISTINCT customers.name, deployments.name, connection_string
               FROM storage_accounts JOIN deployments ON deployments.id = deployment
               JOIN customers ON customers.id = customer ORDER BY 1, 2"""
        )
        return list(dict.fromkeys((customer, name) for customer, name, sealed in rows if not self._unseals(sealed)))

    def _unseals(self, sealed: bytes) -> bool:
        try:
            self._vault.unseal(sealed)
        except KeyLostError:
            return False
        return True

    def remove(self, customer: int, name: str) -> bool:
        """Remove a configuration; return whether there was one."""
        return bool(
            self._database.run("DELETE FROM deployments WHERE customer = ? AND name = ? RETURNING 1", customer, name)
        )
