"""The ways in which storage, or what stands before it, answers wrongly; and what it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import parse_qs, urlsplit

from shared.flowlog import LogKind


class Operation(Enum):
    """What Sluice asks of storage; the value is what the figures call it."""

    BLOCK_LIST = "block list"
    READ = "read of a log's bytes"
    LOAD = "read of what is kept"
    PROPERTIES = "properties"
    WRITE = "write"
    DELETE = "delete"
    ACQUIRE = "lease: acquire"
    RENEW = "lease: renew"
    RELEASE = "lease: release"
    LIST = "listing"
    FIND = "search by tags"
    OTHER = "anything else"


class StorageFault(Enum):
    """One way to answer wrongly; the value is what the figures call it.

    PAGE_*: a page that something else puts in storage's place. The others have storage's own form, or
    are not an answer.
    BLOB_404 and NOTHING are lies of storage itself, which no single answer gives away.
    SHORT is a body that says of itself that it is whole; CUT one that breaks off. STALE is the answer to an earlier
    request of the same kind. LATE reaches storage when its sender has given up.
    """

    PAGE_404 = "404, a page"
    BLOB_404 = "404 BlobNotFound"
    CONTAINER_404 = "404 ContainerNotFound"
    RESOURCE_404 = "404 ResourceNotFound"
    PAGE_403 = "403, a page"
    PAGE_409 = "409, a page"
    FORBIDDEN = "403"
    CONDITION = "412"
    BROKEN = "500"
    BUSY = "503"
    PAGE_200 = "200, a page"
    EMPTY_200 = "200 with nothing in it"
    OTHER_XML = "200 with XML of something else"
    GARBLED_XML = "200 with XML that makes no sense"
    NOTHING = "200 with nothing in the list"
    SHORT = "short"
    CUT = "cut off"
    STALE = "answer to an earlier request"
    TWICE = "asked twice"
    DELAYED = "delayed"
    RESET_BEFORE = "reset before storage acted"
    RESET_AFTER = "reset after storage acted"
    LATE = "reset, and storage acts later"


DRAWN: Final = tuple(each for each in StorageFault if each is not StorageFault.NOTHING)
"""What random schedules do: what is told again and again, in storage's own form, can't be told from the truth."""


@dataclass(frozen=True, slots=True)
class StorageTrouble:
    """What happens to some requests of a round.

    Attributes:
        operation: To which.
        nth: From which of them on, counted from 1.
        fault: what.
        times: To how many in a row; the library repeats some three times by itself.
    """

    operation: Operation
    nth: int
    fault: StorageFault
    times: int = 1


MEDDLED: Final = tuple(each for each in Operation if each not in {Operation.DELETE, Operation.OTHER, Operation.RENEW})
"""What schedules ask for often enough to be answered wrongly; leases are renewed after 20 real seconds alone."""

_LEASES: Final = {"acquire": Operation.ACQUIRE, "renew": Operation.RENEW, "release": Operation.RELEASE}
_GETS: Final = {"blocklist": Operation.BLOCK_LIST, "list": Operation.LIST, "blobs": Operation.FIND}
_BLOBS: Final = {"GET": Operation.LOAD, "HEAD": Operation.PROPERTIES, "PUT": Operation.WRITE}
_LOGS: Final = frozenset(kind.container for kind in LogKind)


def operation_of(method: str, target: str, headers: Mapping[str, str]) -> Operation:
    """Return what a request asks of storage; names of headers in lower case."""
    parts = urlsplit(target)
    query = parse_qs(parts.query)
    comp = query.get("comp", [""])[0]
    if method == "DELETE":
        return Operation.DELETE
    if comp or "restype" in query:
        known = _GETS.get(comp) if method == "GET" else _LEASES.get(headers.get("x-ms-lease-action", ""))
        return known or Operation.OTHER
    if method == "GET" and parts.path.split("/")[2] in _LOGS:
        return Operation.READ
    return _BLOBS.get(method, Operation.OTHER)
