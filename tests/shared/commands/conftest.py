import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.azurite import StorageAccount
from dev.gateway.local import Customer, Gateway, new_customer, run_in_thread
from shared.cli import main
from shared.clock import SystemClock
from shared.delivery.horizon import whole_hour
from shared.identity import managed_identity
from shared.ingester import Ingester
from shared.services import Services, make_places, open_services
from shared.settings import Settings
from tests.support.logs import MAC, GrowingLog, log_blob


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """A terminal where somebody types one line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return f"{self._line}\n"


class Operator:
    """Somebody at a shell, with two real storage accounts and a real gateway."""

    def __init__(
        self, logs: StorageAccount, own: StorageAccount, gateway: Gateway, customer: Customer, file: Path, capfd
    ) -> None:
        self.this_hour = whole_hour(datetime.now(UTC))
        self.logs, self.own = logs, own
        self.gateway, self.customer = gateway, customer
        self.settings = {
            "FLOW_LOGS": logs.connection_string,
            "AzureWebJobsStorage": own.connection_string,
            "APIGW_URL": gateway.url,
            "SUBSCRIPTION_TOKEN": customer.subscription_token,
            "START_FROM": f"{self.this_hour - timedelta(days=2):%Y-%m-%dT%H}",
        }
        self._file, self._capfd = file, capfd

    def run(self, *words: str) -> Said:
        """Run a command with the settings file."""
        self._file.write_text(json.dumps({"IsEncrypted": False, "Values": self.settings}))
        self._capfd.readouterr()
        code = main([*words, "--settings", str(self._file)])
        return Said(code, *self._capfd.readouterr())

    def log(self, hours_ago: int = 0, mac: str = MAC) -> GrowingLog:
        return GrowingLog(self.logs, log_blob(self.hour(hours_ago), mac))

    def hour(self, ago: int) -> datetime:
        return self.this_hour - timedelta(hours=ago)

    @property
    def services(self) -> Services:
        return open_services(Settings.from_environment(self.settings), SystemClock(), managed_identity)

    @property
    def ingester(self) -> Ingester:
        return Ingester.from_settings(Settings.from_environment(self.settings), SystemClock())

    def deliver(self, *logs: GrowingLog) -> None:
        """Let the function app act on an event for each log."""
        ingester = self.ingester
        for log in logs:
            ingester.handle(log.log.kind.container, log.log.name).log()

    @property
    def stored(self) -> list[int]:
        """The source ports of all that the gateway stored."""
        return sorted(record["src_port"] for record in self.gateway.stores.records.records(self.customer.number))


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with run_in_thread(tmp_path_factory.mktemp("gateway")) as running:
        yield running


@pytest.fixture
def operator(
    new_account: Callable[[], StorageAccount],
    gateway: Gateway,
    tmp_path: Path,
    capfd,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Operator:
    for name in ("FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    customer = new_customer(gateway.stores.database, request.node.name)
    operator = Operator(new_account(), new_account(), gateway, customer, tmp_path / "local.settings.json", capfd)
    if "before_the_first_run" not in request.fixturenames:
        make_places(operator.services.own, operator.services.table)
    return operator


@pytest.fixture
def before_the_first_run() -> None:
    """Leaves the own account as it is before the function app ever ran."""


@pytest.fixture
def somebody_types(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts somebody at a terminal who types one line."""
    return lambda line: monkeypatch.setattr(sys, "stdin", Terminal(line))
