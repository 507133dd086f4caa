"""What really goes over the wire to storage: every request of this process, seen where azure-core hands it to HTTP."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from azure.core.pipeline.transport import HttpRequest, RequestsTransport

from shared.flowlog import LogKind

_LOG_CONTAINERS = {kind.container for kind in LogKind}
_REFUSED = 400
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
        kind: What it does and where, such as `read: logs` or `write: checkpoints`.
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
    if asked == "lease":
        return f"lease: {request.headers['x-ms-lease-action']}" + (" (refused)" if status >= _REFUSED else "")
    if asked == "blobs":
        return "find by tag"
    _, _, container, *_ = address.path.split("/", maxsplit=3)  # Azurite's addresses begin with the account
    verb = _VERBS.get((request.method, asked), f"{request.method} {asked}")
    return f"{verb}: {'logs' if container in _LOG_CONTAINERS else container}"
