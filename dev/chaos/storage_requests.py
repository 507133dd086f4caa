"""Requests to storage, and what they ask."""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from dev.chaos.storage_faults import CHECKPOINTS, POINTERS, WATERMARKS, Entities, Operation
from shared.flowlog import LogKind


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        method: In capital letters.
        target: Path and query; the emulator has the account in the path.
        headers: Their names in small letters.
        head: Everything up to the body, as it came.
        body: The rest.
    """

    method: str
    target: str
    headers: dict[str, str]
    head: bytes
    body: bytes

    @property
    def account(self) -> str:
        """The first part of the path."""
        return unquote(urlsplit(self.target).path).split("/")[1]


_GETS: Final = {"blocklist": Operation.BLOCK_LIST, "list": Operation.LIST}
_BLOBS: Final = {"GET": Operation.LOAD, "HEAD": Operation.PROPERTIES, "PUT": Operation.WRITE}
_LOGS: Final = frozenset(kind.container for kind in LogKind)

_TABLE: Final = "checkpoints"
_PARTITIONS: Final = {"pointers": POINTERS, "watermarks": WATERMARKS}
"""How the keys of their partitions begin, before the first "-"; all others are those of checkpoints."""
_KEY: Final = re.compile(rf"PartitionKey(?:=| (?:eq|ge|gt) )'({'|'.join(_PARTITIONS)})-")


def blob_operation(request: Request) -> Operation:
    """Return what a request asks of the blob service."""
    parts = urlsplit(request.target)
    query = parse_qs(parts.query)
    comp = query.get("comp", [""])[0]
    if request.method == "DELETE":
        return Operation.DELETE
    if comp or "restype" in query:
        return _GETS.get(comp, Operation.OTHER) if request.method == "GET" else Operation.OTHER
    if request.method == "GET" and parts.path.split("/")[2] in _LOGS:
        return Operation.READ
    return _BLOBS.get(request.method, Operation.OTHER)


def table_operation(request: Request) -> Operation:
    """Return what a request asks of the table service."""
    parts = urlsplit(request.target)
    path, bracket, keys = unquote(parts.path).partition("(")
    if path.split("/")[2:] != [_TABLE]:
        return Operation.OTHER
    if not bracket:
        return _entities(_key_in(request.body)).insert if request.method == "POST" else Operation.OTHER
    if keys == ")":
        return _entities(parse_qs(parts.query).get("$filter", [""])[0]).query
    asked = _entities(keys)
    by_method = {"GET": asked.read, "PUT": asked.replace, "PATCH": asked.replace, "DELETE": asked.delete}
    return by_method.get(request.method, Operation.OTHER)


def _key_in(body: bytes) -> str:
    return f"PartitionKey='{json.loads(body)['PartitionKey']}'"


def _entities(keys: str) -> Entities:
    found = _KEY.search(keys)
    return _PARTITIONS[found[1]] if found else CHECKPOINTS
