"""The harness's own line to the proxy before storage (`dev.chaos.storage_proxy`)."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from dev.azurite import Azurite, StorageAccount
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from dev.processes import served_module

_TIMEOUT = 60

type Hits = Counter[tuple[Operation, StorageFault]]


@dataclass(frozen=True, slots=True)
class StorageControl:
    """Tells the proxy how to fail.

    Attributes:
        blobs: Where it listens for requests to the blob service.
        tables: And for those to the table service.
    """

    blobs: str
    tables: str

    def before(self, account: StorageAccount) -> StorageAccount:
        """Return an account as it is reached through the proxy."""
        return replace(
            account,
            blob_endpoint=f"{self.blobs}{urlsplit(account.blob_endpoint).path}",
            table_endpoint=f"{self.tables}{urlsplit(account.table_endpoint).path}",
        )

    def plan(self, accounts: Sequence[StorageAccount], troubles: Sequence[StorageTrouble]) -> None:
        """Set what the accounts' next requests will meet, in place of what was set before."""
        planned = [[each.operation.value, each.nth, each.fault.value, each.times] for each in troubles]
        for account in accounts:
            self._ask("PUT", account.name, planned)

    def settle(self, accounts: Sequence[StorageAccount]) -> None:
        """Return once storage has got all that its senders gave up."""
        for account in accounts:
            self._ask("GET", f"{account.name}/late")

    def hits(self, accounts: Sequence[StorageAccount]) -> Hits:
        """Return how often each fault was met at each operation."""
        hits: Hits = Counter()
        for account in accounts:
            for operation, fault, times in self._ask("GET", account.name):
                hits[Operation(operation), StorageFault(fault)] += times
        return hits

    def _ask(self, method: str, path: str, content: object = None) -> Any:  # noqa: ANN401 -- JSON
        answer = requests.request(method, f"{self.blobs}/chaos/{path}", json=content, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def storage_proxy(storage: Azurite, scratch: Path) -> Iterator[StorageControl]:
    """Run the proxy before an emulator for as long as the block lasts."""
    account = storage.accounts[0]
    ports = [str(urlsplit(endpoint).port) for endpoint in (account.blob_endpoint, account.table_endpoint)]
    with served_module("dev.chaos.storage_proxy", *ports, scratch=scratch) as (blobs, tables):
        yield StorageControl(blobs, tables)
