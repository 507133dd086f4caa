"""Flow logs made for tests, and log blobs in Azurite that grow as Azure lets them grow."""

import base64
import contextlib
import json
from datetime import UTC, datetime

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobBlock, BlobServiceClient

from dev.azurite import StorageAccount
from shared.flowlog import LogBlob, LogKind, parse_blob_name

HEAD, CLOSER = b'{"records":[', b"]}"
MAC = "000D3AF87856"
HOUR = datetime(2026, 11, 23, 15, tzinfo=UTC)
_RESOURCE = "resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG"


def record(*ports: int, bad: int = 0) -> bytes:
    """Return an NSG record with a tuple for each source port, and some tuples that no parser takes."""
    tuples = [f"1795447800,10.0.0.4,13.107.21.200,{port},443,T,O,A,B,,,," for port in ports]
    tuples += [f"1795447800,10.0.0.4,nowhere,{number},443,T,O,A,B,,,," for number in range(bad)]
    document = {
        "time": "2026-11-23T15:30:00.0000000Z",
        "macAddress": MAC,
        "category": "NetworkSecurityGroupFlowEvent",
        "resourceId": "/SUBSCRIPTIONS/S",
        "properties": {"Version": 2, "flows": [{"rule": "UserRule_a", "flows": [{"mac": MAC, "flowTuples": tuples}]}]},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def ports_of(lines: list[str]) -> list[int]:
    """Return the source ports of NDJSON flow records, by which tests know them."""
    return [json.loads(line)["src_port"] for line in lines]


def log_blob(hour: datetime = HOUR, mac: str = MAC) -> LogBlob:
    """Return the name of a NIC's NSG flow log of an hour."""
    name = f"{_RESOURCE}/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/macAddress={mac}/PT1H.json"
    log = parse_blob_name(LogKind.NSG.container, name)
    assert log is not None
    return log


def block_id(name: str) -> str:
    return base64.b64encode(name.encode().ljust(33, b".")).decode()


class GrowingLog:
    """A log blob that is committed block by block: new ones before the closer, as in "flow-logs-read"."""

    def __init__(self, account: StorageAccount, log: LogBlob) -> None:
        service = BlobServiceClient.from_connection_string(account.connection_string)
        with contextlib.suppress(ResourceExistsError):
            service.create_container(log.kind.container)
        self.log = log
        self.client = service.get_blob_client(log.kind.container, log.name)
        self._ids: list[str] = []
        self._generation = 0

    def commit(self, *blocks: bytes, closer: bytes = CLOSER) -> None:
        """Commit more data blocks; commas between them are the caller's."""
        if not self._ids:
            self._stage("A", HEAD)
        for data in blocks:
            self._stage(f"D{self._generation}-{len(self._ids)}", data)
        ids = list(self._ids)
        if closer:
            self.client.stage_block(block_id("Z"), closer)
            ids.append(block_id("Z"))
        self.client.commit_block_list([BlobBlock(each) for each in ids])

    def minute(self, *ports: int, bad: int = 0) -> None:
        """Commit one more block with one record."""
        self.commit((b"," if len(self._ids) > 1 else b"") + record(*ports, bad=bad))

    def rewrite(self) -> None:
        """Begin anew: the next commit has nothing of what was there."""
        self._ids = []
        self._generation += 1

    def put(self, data: bytes) -> None:
        """Write the blob without blocks."""
        self.client.upload_blob(data, overwrite=True)

    def _stage(self, name: str, data: bytes) -> None:
        self.client.stage_block(block_id(name), data)
        self._ids.append(block_id(name))
