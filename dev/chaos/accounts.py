"""The storage accounts of one schedule: made ready beforehand, looked through at the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.blob import BlobClient, BlobServiceClient

from dev.azurite import StorageAccount
from dev.chaos.logs import canonical
from dev.chaos.schedule import Log
from dev.chaos.verdict import LogState
from shared.delivery.quarantine import REFUSED_LINE
from shared.flowlog import LogKind, parse_blob_name
from shared.services import make_places
from shared.storage.checkpoints import Checkpoints
from shared.storage.quarantine import QuarantineContainer
from shared.storage.table_client import TABLE
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
    _table: TableClient

    @classmethod
    def of(cls, empty: Iterator[StorageAccount]) -> "Accounts":
        """Take two empty accounts, and make the containers that are there before the function runs."""
        logs, own = next(empty), next(empty)
        made = cls(
            logs,
            own,
            BlobServiceClient.from_connection_string(logs.connection_string),
            BlobServiceClient.from_connection_string(own.connection_string),
            TableClient.from_connection_string(own.connection_string, TABLE),
        )
        for kind in LogKind:
            made._logs_service.create_container(kind.container)
        make_places(made._own_service, made._table)
        return made

    @property
    def both(self) -> tuple[StorageAccount, StorageAccount]:
        return self.logs, self.own

    def log_blob(self, log: Log) -> BlobClient:
        """Return a client for a log blob."""
        return self._logs_service.get_blob_client(log.container, log.blob)

    def held(self) -> list[str]:
        """Return the names of the logs that somebody holds."""
        return [str(each["blob"]) for each in self._table.list_entities() if "holder" in each]

    def pointed_at(self) -> list[str]:
        """Return the names of the logs that a pointer leads to."""
        entities = self._table.list_entities()
        return [str(each["blob"]) for each in entities if str(each["PartitionKey"]).startswith("pointers-")]

    def aside(self) -> Counter[str]:
        """Return what is quarantined: tuples as written, flow records in canonical text."""
        container = QuarantineContainer(self._own_service)
        lines = (orjson.loads(line) for blob in container.listed() for line in container.get(blob.name))
        return Counter(_aside(line) for line in lines)

    def log_state(self, log: Log) -> LogState:
        """Return the state of a log blob and its checkpoint."""
        name = parse_blob_name(log.container, log.blob)
        assert name is not None
        entry = Checkpoints(self._table, self._own_service, self.logs.name).read(name)
        watermark = Watermarks(self._table, self.own.name, self.logs.name).load(name.kind)
        etag, size = self._commit(log)
        return LogState(
            blob=log.blob,
            hour=log.hour,
            etag=etag,
            records_end=size - _CLOSER_BYTES,
            checkpoint=None if entry is None else entry.checkpoint,
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
