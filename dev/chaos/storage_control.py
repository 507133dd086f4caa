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
        url: Where it listens.
    """

    url: str

    def before(self, account: StorageAccount) -> StorageAccount:
        """Return an account as it is reached through the proxy."""
        endpoint = f"{self.url}{urlsplit(account.blob_endpoint).path}"
        return replace(account, blob_endpoint=endpoint)

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
        answer = requests.request(method, f"{self.url}/chaos/{path}", json=content, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def storage_proxy(storage: Azurite, scratch: Path) -> Iterator[StorageControl]:
    """Run the proxy before an emulator for as long as the block lasts."""
    port = urlsplit(storage.accounts[0].blob_endpoint).port
    with served_module("dev.chaos.storage_proxy", str(port), scratch=scratch) as url:
        yield StorageControl(url)
