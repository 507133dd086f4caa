"""The storage accounts of one schedule: made ready beforehand, looked through at the end."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient, BlobServiceClient

from dev.azurite import StorageAccount
from dev.chaos.logs import canonical
from dev.chaos.schedule import Log
from dev.chaos.verdict import LogState
from shared.clock import SystemClock
from shared.delivery.quarantine import REFUSED_LINE
from shared.flowlog import LogKind, parse_blob_name
from shared.storage import checkpoints, quarantine
from shared.storage.checkpoints import Checkpoints
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermarks

_CLOSER_BYTES = 2


@dataclass(frozen=True, slots=True)
class Accounts:
    """The two accounts of a schedule.

    Attributes:
        logs: The flow-log account.
        own: The function's own.
    """

    logs: StorageAccount
    own: StorageAccount
    _logs_service: BlobServiceClient
    _own_service: BlobServiceClient

    @classmethod
    def of(cls, empty: Iterator[StorageAccount]) -> "Accounts":
        """Take two empty accounts, and make the containers that are there before the function runs."""
        logs, own = next(empty), next(empty)
        made = cls(logs, own, *(BlobServiceClient.from_connection_string(a.connection_string) for a in (logs, own)))
        for kind in LogKind:
            made._logs_service.create_container(kind.container)
        for name in (checkpoints.CONTAINER, quarantine.CONTAINER):
            made._own_service.create_container(name)
        return made

    @property
    def both(self) -> tuple[StorageAccount, StorageAccount]:
        return self.logs, self.own

    def log_blob(self, log: Log) -> BlobClient:
        """Return a client for a log blob."""
        return self._logs_service.get_blob_client(log.container, log.blob)

    def break_leases(self) -> None:
        """Break every lease on a checkpoint; call it when nobody is at work but the dead and the frozen."""
        for name in self.leased():
            # What a worker sent right before its death may have released it meanwhile.
            with contextlib.suppress(ResourceExistsError):
                BlobLeaseClient(self._own_service.get_blob_client(checkpoints.CONTAINER, name)).break_lease(0)

    def leased(self) -> list[str]:
        """Return the names of checkpoints that somebody holds."""
        container = self._own_service.get_container_client(checkpoints.CONTAINER)
        return [blob.name for blob in container.list_blobs() if blob.lease.state == "leased"]

    def aside(self) -> Counter[str]:
        """Return what is quarantined: tuples as written, flow records in canonical text."""
        container = QuarantineContainer(self._own_service)
        lines = (orjson.loads(line) for blob in container.listed() for line in container.get(blob.name))
        return Counter(_aside(line) for line in lines)

    def log_state(self, log: Log) -> LogState:
        """Return the state of a log blob and its checkpoint."""
        name = parse_blob_name(log.container, log.blob)
        assert name is not None
        kept = Checkpoints(self._own_service, self.logs.name, SystemClock())
        watermark = Watermarks(self._own_service, self.logs.name).load(name.kind)
        etag, size = self._commit(log)
        return LogState(
            blob=log.blob,
            hour=log.hour,
            etag=etag,
            records_end=size - _CLOSER_BYTES,
            checkpoint=kept.read(name),
            watermark=watermark[0].hour if watermark else None,
        )

    def _commit(self, log: Log) -> tuple[str | None, int]:
        try:
            properties = self.log_blob(log).get_blob_properties()
        except ResourceNotFoundError:
            return None, 0
        return str(properties.etag), int(properties.size)


def _aside(line: dict[str, Any]) -> str:
    raw = line["raw"]
    return canonical(orjson.loads(raw)) if line["unit"] == REFUSED_LINE else str(raw)
