"""What really goes over the wire to storage: every request of this process, seen where azure-core hands it to HTTP."""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from azure.core.pipeline.transport import HttpRequest, RequestsTransport

from shared.flowlog import LogKind
from shared.storage.table_client import TABLE

_LOG_CONTAINERS = {kind.container for kind in LogKind}
_REFUSED = 400
_OF_TABLES = {"GET": "read", "POST": "insert", "PUT": "replace", "PATCH": "merge", "DELETE": "delete"}
_INSERTED = re.compile('"PartitionKey": ?"([a-z]+)-')
_ENTITIES = re.compile(r"Partition(?:Key=|Key%20ge%20|Key ge )(?:%27|')([a-z]+)-")
_VERBS = {
    ("GET", ""): "read",
    ("GET", "blocklist"): "block list",
    ("GET", "list"): "list",
    ("HEAD", ""): "head",
    ("PUT", ""): "write",
}


@dataclass(frozen=True, slots=True)
class StorageRequest:
    """One request, repetitions counted each.

    Attributes:
        kind: What it does and where, such as `read: logs`, `write: quarantine` or `read entity: checkpoints`.
        bytes_received: The answer's content.
        seconds: From sending it until the answer came (a blob's bytes may follow).
    """

    kind: str
    bytes_received: int
    seconds: float


@contextlib.contextmanager
def storage_requests() -> Iterator[list[StorageRequest]]:
    """Collect the requests that are made while the block lasts."""
    made: list[StorageRequest] = []
    send = RequestsTransport.send

    def observed(transport: RequestsTransport, request: HttpRequest, **settings: Any) -> Any:  # noqa: ANN401
        begun = time.perf_counter()
        response = send(transport, request, **settings)
        seconds = time.perf_counter() - begun
        made.append(StorageRequest(_kind(request, response.status_code), _length(request, response), seconds))
        return response

    with mock.patch.object(RequestsTransport, "send", observed):
        yield made


def _length(request: HttpRequest, response: Any) -> int:  # noqa: ANN401
    if request.method != "GET":
        return 0
    # XML comes in chunks of untold length, and is here already; blobs are streamed, and tell theirs.
    told = response.headers.get("Content-Length")
    return len(response.body()) if told is None else int(told)


def _kind(request: HttpRequest, status: int) -> str:
    address = urlsplit(request.url)
    asked = parse_qs(address.query).get("comp", [""])[0]
    if (of_table := _of_table(request, address.path)) is not None:
        return of_table + (" (refused)" if status >= _REFUSED else "")
    _, _, container, *_ = address.path.split("/", maxsplit=3)  # Azurite's addresses begin with the account
    verb = _VERBS.get((request.method, asked), f"{request.method} {asked}")
    return f"{verb}: {'logs' if container in _LOG_CONTAINERS else container}"


def _of_table(request: HttpRequest, path: str) -> str | None:
    # In the path of one entity, in the filter of a query, or in the body of an insert.
    if f"/{TABLE}(" in path:
        found = _ENTITIES.search(request.url)
    elif request.method == "POST":
        found = _INSERTED.search(str(request.body))
    else:
        return None
    verb = "query" if path.endswith("()") else f"{_OF_TABLES[request.method]} entity"
    return f"{verb}: {found[1] if found else 'other'}"
