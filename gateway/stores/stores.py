"""Everything that the gateway keeps: the flow records in a store of their own, all else in a SQLite file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.stores.accounts import Accounts
from gateway.stores.agents import Agents
from gateway.stores.audit_log import AuditLog
from gateway.stores.blueprints import Blueprints
from gateway.stores.budgets import Budgets
from gateway.stores.changes import Changes
from gateway.stores.customers import Customers
from gateway.stores.database import Database
from gateway.stores.deployments import Deployments
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.files import ACCOUNTS, RECORDS, SECRETS_KEY
from gateway.stores.health import Health
from gateway.stores.holds import Holds
from gateway.stores.items import Items
from gateway.stores.operator_log import OperatorLog
from gateway.stores.registrations import Registrations
from gateway.stores.removals import Removals
from gateway.stores.retention import Retention
from gateway.stores.server_traffic import ServerTraffic
from gateway.stores.sessions import Sessions
from gateway.stores.tokens import Tokens
from gateway.stores.vault import Vault
from gateway.stores.whole import require_whole
from gateway.traffic.store import RecordStore


@dataclass(frozen=True, slots=True)
class Stores:
    """The open stores of one directory; as a context manager they are closed at the end."""

    database: Database
    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    deployments: Deployments
    registrations: Registrations
    changes: Changes
    items: Items
    agents: Agents
    server_traffic: ServerTraffic
    blueprints: Blueprints
    retention: Retention
    holds: Holds
    audit_log: AuditLog
    customers: Customers
    removals: Removals
    operator_log: OperatorLog
    budgets: Budgets
    records: RecordStore
    health: Health

    def __enter__(self) -> Self:
        """Return the stores themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close them."""
        self.close()

    def check(self, now: datetime) -> None:
        """Make sure that both files answer and accept posts; after a post has failed, try a small write.

        Raises:
            StoreUnavailableError, sqlite3.Error: One does not.
            StillFailingError: A post failed, and it is too early to try again.
        """
        self.database.check()
        self.records.check()
        self.health.check(now, self._write)

    def _write(self) -> None:
        self.database.touch()
        self.records.touch()

    def close(self) -> None:
        """Close the files."""
        self.records.close()
        self.database.close()


def open_stores(data: Path) -> Stores:
    """Open the stores in a directory, or begin them.

    Raises:
        StoreUnavailableError: Another gateway has them open.
        OtherVersionError: Another version of the gateway wrote them.
        UnfinishedError: A backup that is being restored is not complete.
    """
    database = open_database(data)
    try:
        records = DuckDBRecords.open(data / RECORDS)
    except BaseException:
        database.close()
        raise
    changes, removals = Changes(), Removals(database)
    for customer in removals.under_way():
        records.take_nothing_of(customer)
    return Stores(
        database,
        Accounts(database),
        Sessions(database),
        Tokens(database),
        Deployments(database, Vault(data / SECRETS_KEY)),
        Registrations(database),
        changes,
        Items(database, changes),
        Agents(database, changes),
        ServerTraffic(database),
        Blueprints(database, changes),
        Retention(database),
        Holds(database),
        AuditLog(database),
        Customers(database),
        removals,
        OperatorLog(database),
        Budgets(database),
        records,
        Health(),
    )


def open_database(data: Path) -> Database:
    """Open the SQLite file in a directory, or begin it; a gateway may be serving from it.

    Raises:
        OtherVersionError: Another version of the gateway wrote it.
        UnfinishedError: A backup that is being restored is not complete.
    """
    require_whole(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Database.open(data / ACCOUNTS)
