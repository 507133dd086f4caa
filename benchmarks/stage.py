"""The real parts that a claim is measured on: Azurite, a stand-in for the gateway, log blobs written as Azure does."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from benchmarks.gateway import Gateway, gateway
from dev.azurite import StorageAccount, azurite
from dev.flowlogs import blob
from shared.clock import SystemClock
from shared.delivery.report import Outcome, Report
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.identity import managed_identity
from shared.ingester import Ingester
from shared.services import Services, open_services
from shared.settings import Settings

_RESOURCE = "resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/SHOP-NSG"


@dataclass(frozen=True, slots=True)
class Stage:
    """Two storage accounts and a gateway.

    Attributes:
        logs: The account that flow logs are written to.
        own: The function's own account.
        gateway: Where records go.
    """

    logs: StorageAccount
    own: StorageAccount
    gateway: Gateway

    def environment(self, *, latency_ms: int = 0, posts_in_flight: int = 4) -> dict[str, str]:
        """Return the function app's settings."""
        return {
            "FLOW_LOGS": self.logs.connection_string,
            "AzureWebJobsStorage": self.own.connection_string,
            "APIGW_URL": self.gateway.url(latency_ms),
            "SUBSCRIPTION_TOKEN": "stand-in",
            "POSTS_IN_FLIGHT": str(posts_in_flight),
        }

    def ingester(self, *, latency_ms: int = 0, posts_in_flight: int = 4) -> Ingester:
        """Return an ingester as a process of the function app has one."""
        settings = self.environment(latency_ms=latency_ms, posts_in_flight=posts_in_flight)
        return Ingester.from_settings(Settings.from_environment(settings), SystemClock())

    def services(self) -> Services:
        """Return what another process of the function app works with."""
        return open_services(Settings.from_environment(self.environment()), SystemClock(), managed_identity)

    def forget(self, log: LogBlob) -> None:
        """Remove a log blob's checkpoint, so that the next event delivers all of it again."""
        checkpoints = self.services().checkpoints
        for summary in checkpoints.listed(log.kind, log.hour, log.hour + timedelta(hours=1)):
            if summary.blob == log.name:
                checkpoints.delete(log, summary)

    def new_log(self, network_card: int) -> "GrowingLog":
        """Return this hour's NSG flow log of a NIC, of which nothing is written yet."""
        name = f"{_RESOURCE}/{datetime.now(UTC):y=%Y/m=%m/d=%d/h=%H}/m=00/macAddress={network_card:012X}/PT1H.json"
        log = parse_blob_name(LogKind.NSG.container, name)
        if log is None:
            raise AssertionError(name)
        service = BlobServiceClient.from_connection_string(self.logs.connection_string)
        return GrowingLog(log, blob.LogBlob(service, log.kind.container, log.name))


@dataclass(frozen=True, slots=True)
class GrowingLog:
    """A log blob's name, and what commits blocks to it as Azure does."""

    log: LogBlob
    blob: blob.LogBlob

    def commit(self, *blocks: bytes) -> int:
        """Commit some more blocks, each beginning with a comma; return the bytes in the blob."""
        return self.blob.append(*([block[1:]] for block in blocks)).size


@contextlib.contextmanager
def stage(directory: Path | None = None) -> Iterator[Stage]:
    """Set the parts up; Azurite keeps its data in `directory`, or in memory."""
    with azurite(directory, accounts=2) as running, gateway() as counting:
        logs, own = running.accounts
        yield Stage(logs, own, counting)


def deliver(ingester: Ingester, log: LogBlob, expected: Outcome = Outcome.DELIVERED) -> Report:
    """Let an ingester act on an event; raise RuntimeError if that ends in another way than expected."""
    report = ingester.handle(log.kind.container, log.name)
    if report.outcome is not expected:
        raise RuntimeError(f"{report.outcome.code}: {report.message}")
    return report
