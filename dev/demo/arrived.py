"""What the gateway stored, what is in quarantine and what is left as backlog, read from where that is kept."""

import base64
import contextlib
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.demo.ledger import Aside, flow_record
from dev.flowlogs.formats import FlowRecord
from gateway.stores.duckdb.records import DuckDBRecords
from shared.delivery.backlog import standing
from shared.errors import ContainerMissing
from shared.flowlog import LogKind
from shared.flowlog.record import Source
from shared.storage.checkpoints import Checkpoints
from shared.storage.logs import FlowLogAccount

_QUARANTINE = "quarantine"
_END = dt.datetime.max.replace(tzinfo=dt.UTC)
_POSTS = "/qas/flow-logs"
_AGENTS_POSTS = "/agent/v1/traffic"


@dataclass(frozen=True, slots=True)
class Post:
    """One post that the gateway took: how many flow records it held, and whether they had been sent before."""

    records: int
    duplicate: bool


def posts_taken(request_log: Path) -> list[Post]:
    """Return the posts of logs' flow records that a gateway has taken, from its request log as far as it goes."""
    return _taken(request_log, _POSTS)


def agents_posts_taken(request_log: Path) -> list[Post]:
    """Return the posts of agents that a gateway has taken, one an interval, from its request log as far as it goes."""
    return _taken(request_log, _AGENTS_POSTS)


def _taken(request_log: Path, route: str) -> list[Post]:
    taken = []
    for line in request_log.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a sentence for people, or a line that is being written
        if isinstance(entry, dict) and entry.get("route") == route and "duplicate" in entry:
            taken.append(Post(entry["records"], entry["duplicate"]))
    return taken


def stored_records(gateway_data: Path, customer: int) -> Iterator[tuple[FlowRecord, dt.datetime]]:
    """Yield every flow record of logs that a gateway (which must have ended) stored for a customer, with its time."""
    records = DuckDBRecords.open(gateway_data / "records.duckdb")
    try:
        for record, accepted_at in records.accepted(customer):
            if record["source"] != Source.AGENT.value:
                yield flow_record(record), accepted_at
    finally:
        records.close()


def quarantined(service: BlobServiceClient) -> Counter[Aside]:
    """Return all that is in quarantine in the function app's own account."""
    container = service.get_container_client(_QUARANTINE)
    found = Counter[Aside]()
    try:
        for blob in container.list_blob_names():
            for line in container.download_blob(blob).readall().splitlines():
                found[_aside(json.loads(line))] += 1
    except ResourceNotFoundError:
        pass  # the function app has never run
    return found


def backlog(log_service: BlobServiceClient, own_service: BlobServiceClient, table: TableClient) -> Counter[str]:
    """Return the bytes that wait in each log blob, as `sluice status` counts them, of an app that has run."""
    logs = FlowLogAccount(log_service)
    checkpoints = Checkpoints(table, own_service, logs.name)
    waiting = Counter[str]()
    for kind in LogKind:
        known = {summary.blob: summary for summary in checkpoints.listed_before(kind, _END)}
        with contextlib.suppress(ContainerMissing):  # of the two kinds of log, one was perhaps never written
            for item in logs.listed(kind, ""):
                waiting[item.log.name] = standing(item, known.get(item.log.name), None).waiting
    return waiting


def _aside(entry: Mapping[str, Any]) -> Aside:
    raw = entry["raw"] if "raw" in entry else base64.b64decode(entry["raw_base64"]).decode(errors="replace")
    return Aside(entry["blob"], entry["unit"], raw)
