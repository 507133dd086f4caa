"""Wrong answers of storage, as they go over the wire: each service has a form of its own.

Refusals of the table service have their code in the body alone. So has the real one, by what it answered to Microsoft's
own tests; the emulator, whose refusals pass through as well, has it in `x-ms-error-code`, too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Self

from dev.chaos.storage_faults import CHECKPOINTS, POINTERS, WATERMARKS, Operation, StorageFault

_PAGE: Final = b"<html><head><title>Blocked</title></head><body>Blocked</body></html>"
_PROLOGUE: Final = b'<?xml version="1.0" encoding="utf-8"?>'
_LISTING: Final = _PROLOGUE + b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>"
_BLOCK_LIST: Final = _PROLOGUE + b"<BlockList><CommittedBlocks /></BlockList>"
_GARBLED_LISTING: Final = _LISTING.replace(
    b"<Blobs />", b"<Blobs><Blob><Properties><Etag>1</Etag></Properties></Blob></Blobs>"
)
_GARBLED_BLOCK_LIST: Final = _BLOCK_LIST.replace(
    b"<CommittedBlocks />", b"<CommittedBlocks><Block><Name>A</Name><Size>many</Size></Block></CommittedBlocks>"
)
_OWN: Final = {"x-ms-request-id": "6b6f7365-6e00-0000-0000-000000000000", "x-ms-version": "2026-06-06"}
_ETAG: Final = {"ETag": '"0x8DFFFFFFFFFFFFF"', "Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"}
_OWN_OF_TABLES: Final = _OWN | {"x-ms-version": "2019-02-02"}
_ETAG_OF_TABLES: Final = "W/\"datetime'2026-11-23T10%3A00%3A00.0000000Z'\""
_JSON: Final = {"Content-Type": "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"}
_METADATA: Final = "http://127.0.0.1/$metadata#checkpoints"
_ANOTHER: Final = {
    "odata.etag": _ETAG_OF_TABLES,
    "PartitionKey": "another",
    "RowKey": "another",
    "Timestamp": "2026-11-23T10:00:00.0000000Z",
}
_GARBLED: Final = _ANOTHER | {"Timestamp": "many"}


class Broken(Exception):
    """The connection is closed without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status_line: The first line.
        headers: The lines after it, but those about the length of the body.
        body: What goes over the wire of it.
        length: What it says of its length; None if it says nothing.
        closes: Whether the connection is closed after it.
    """

    status_line: str
    headers: tuple[str, ...]
    body: bytes
    length: str | None
    closes: bool = False

    @classmethod
    def of(cls, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> Self:
        """Make an answer up."""
        lines = tuple(f"{name}: {value}" for name, value in headers.items())
        return cls(f"HTTP/1.1 {status.value} {status.phrase}", lines, body, str(len(body)))

    @property
    def written(self) -> bytes:
        """What goes over the wire."""
        length = () if self.length is None else (f"Content-Length: {self.length}",)
        head = "\r\n".join([self.status_line, *self.headers, *length, "", ""])
        return head.encode("latin-1") + self.body


def _page(status: HTTPStatus) -> Answer:
    return Answer.of(status, _PAGE, {"Content-Type": "text/html"})


def _refusal(status: HTTPStatus, code: str) -> Answer:
    body = _PROLOGUE + f"<Error><Code>{code}</Code><Message>It is made up.</Message></Error>".encode()
    return Answer.of(status, body, _OWN | {"x-ms-error-code": code, "Content-Type": "application/xml"})


def _xml(body: bytes) -> Answer:
    return Answer.of(HTTPStatus.OK, body, _OWN | _ETAG | {"Content-Type": "application/xml"})


def _refusal_of_tables(status: HTTPStatus, code: str) -> Answer:
    error = {"code": code, "message": {"lang": "en-US", "value": "It is made up."}}
    return Answer.of(status, json.dumps({"odata.error": error}).encode(), _OWN_OF_TABLES | _JSON)


def _entity(content: Mapping[str, str]) -> Answer:
    body = json.dumps({"odata.metadata": f"{_METADATA}/@Element", **content}).encode()
    return Answer.of(HTTPStatus.OK, body, _OWN_OF_TABLES | _JSON | {"ETag": _ETAG_OF_TABLES})


def _entities(*contents: Mapping[str, str]) -> Answer:
    body = json.dumps({"odata.metadata": _METADATA, "value": contents}).encode()
    return Answer.of(HTTPStatus.OK, body, _OWN_OF_TABLES | _JSON)


_MADE_UP: Final = {
    StorageFault.PAGE_404: _page(HTTPStatus.NOT_FOUND),
    StorageFault.PAGE_403: _page(HTTPStatus.FORBIDDEN),
    StorageFault.PAGE_409: _page(HTTPStatus.CONFLICT),
    StorageFault.PAGE_200: _page(HTTPStatus.OK),
    StorageFault.BLOB_404: _refusal(HTTPStatus.NOT_FOUND, "BlobNotFound"),
    StorageFault.CONTAINER_404: _refusal(HTTPStatus.NOT_FOUND, "ContainerNotFound"),
    StorageFault.TABLE_404: _refusal_of_tables(HTTPStatus.NOT_FOUND, "TableNotFound"),
    StorageFault.ENTITY_409: _refusal_of_tables(HTTPStatus.CONFLICT, "EntityAlreadyExists"),
    StorageFault.EMPTY_204: Answer.of(HTTPStatus.NO_CONTENT, b"", _OWN_OF_TABLES),
    StorageFault.OTHER_ENTITY: _entity(_ANOTHER),
    StorageFault.OTHER_LIST: _entities(_ANOTHER),
    StorageFault.OTHER_XML: _xml(_BLOCK_LIST),
    StorageFault.GARBLED_XML: _xml(_GARBLED_LISTING),
    StorageFault.DAMAGED_XML: _xml(_GARBLED_LISTING.replace(b"</Blob>", b"</Blb>")),
    StorageFault.GARBLED_JSON: _entity(_GARBLED),
}
_BY_BLOBS: Final = {
    StorageFault.RESOURCE_404: _refusal(HTTPStatus.NOT_FOUND, "ResourceNotFound"),
    StorageFault.FORBIDDEN: _refusal(HTTPStatus.FORBIDDEN, "AuthorizationFailure"),
    StorageFault.CONDITION: _refusal(HTTPStatus.PRECONDITION_FAILED, "ConditionNotMet"),
    StorageFault.BROKEN: _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError"),
    StorageFault.BUSY: _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ServerBusy"),
    StorageFault.EMPTY_200: Answer.of(HTTPStatus.OK, b"", _OWN | _ETAG),
    StorageFault.NOTHING: _xml(_LISTING),
}
_BY_BLOCK_LISTS: Final = {
    StorageFault.OTHER_XML: _xml(_LISTING),
    StorageFault.GARBLED_XML: _xml(_GARBLED_BLOCK_LIST),
    StorageFault.DAMAGED_XML: _xml(_GARBLED_BLOCK_LIST.replace(b"</Block>", b"</Blck>")),
    StorageFault.NOTHING: _xml(_BLOCK_LIST),
}
_BY_TABLES: Final = {
    StorageFault.RESOURCE_404: _refusal_of_tables(HTTPStatus.NOT_FOUND, "ResourceNotFound"),
    StorageFault.FORBIDDEN: _refusal_of_tables(HTTPStatus.FORBIDDEN, "AuthorizationFailure"),
    StorageFault.CONDITION: _refusal_of_tables(HTTPStatus.PRECONDITION_FAILED, "UpdateConditionNotSatisfied"),
    StorageFault.BROKEN: _refusal_of_tables(HTTPStatus.INTERNAL_SERVER_ERROR, "OperationTimedOut"),
    StorageFault.BUSY: _refusal_of_tables(HTTPStatus.SERVICE_UNAVAILABLE, "ServerBusy"),
    StorageFault.EMPTY_200: Answer.of(HTTPStatus.OK, b"", _OWN_OF_TABLES | {"ETag": _ETAG_OF_TABLES}),
    StorageFault.NOTHING: _entities(),
}
_BY_QUERIES: Final = {StorageFault.GARBLED_JSON: _entities(_GARBLED)}
_QUERIES: Final = {CHECKPOINTS.query, POINTERS.query, WATERMARKS.query}


def in_place_of_blobs(fault: StorageFault, operation: Operation) -> Answer | None:
    """Return the answer that is made up in place of the blob service's, None if storage is asked."""
    own = _BY_BLOBS | _BY_BLOCK_LISTS if operation is Operation.BLOCK_LIST else _BY_BLOBS
    return own.get(fault) or _MADE_UP.get(fault)


def in_place_of_tables(fault: StorageFault, operation: Operation) -> Answer | None:
    """Return the answer that is made up in place of the table service's, None if storage is asked."""
    own = _BY_TABLES | _BY_QUERIES if operation in _QUERIES else _BY_TABLES
    return own.get(fault) or _MADE_UP.get(fault)


def halved(answer: Answer, *, says_so: bool) -> Answer:
    """Return an answer of half a body: one that says so of its length, or one that breaks off."""
    body = answer.body[: len(answer.body) // 2]
    if says_so and answer.body:
        return replace(answer, body=body, length=str(len(body)))
    if not answer.body:
        raise Broken  # the answer itself is what can be cut off
    return replace(answer, body=body, closes=True)
