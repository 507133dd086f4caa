"""Wrong answers of storage, as they go over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Self

from dev.chaos.storage_faults import Operation, StorageFault

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


_MADE_UP: Final = {
    StorageFault.PAGE_404: _page(HTTPStatus.NOT_FOUND),
    StorageFault.BLOB_404: _refusal(HTTPStatus.NOT_FOUND, "BlobNotFound"),
    StorageFault.PAGE_403: _page(HTTPStatus.FORBIDDEN),
    StorageFault.PAGE_409: _page(HTTPStatus.CONFLICT),
    StorageFault.PAGE_200: _page(HTTPStatus.OK),
    StorageFault.CONTAINER_404: _refusal(HTTPStatus.NOT_FOUND, "ContainerNotFound"),
    StorageFault.RESOURCE_404: _refusal(HTTPStatus.NOT_FOUND, "ResourceNotFound"),
    StorageFault.FORBIDDEN: _refusal(HTTPStatus.FORBIDDEN, "AuthorizationFailure"),
    StorageFault.CONDITION: _refusal(HTTPStatus.PRECONDITION_FAILED, "ConditionNotMet"),
    StorageFault.BROKEN: _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError"),
    StorageFault.BUSY: _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ServerBusy"),
    StorageFault.EMPTY_200: Answer.of(HTTPStatus.OK, b"", _OWN | _ETAG),
}
_FOR_BLOCK_LISTS: Final = {
    StorageFault.OTHER_XML: _xml(_LISTING),
    StorageFault.GARBLED_XML: _xml(_GARBLED_BLOCK_LIST),
    StorageFault.NOTHING: _xml(_BLOCK_LIST),
}
_FOR_THE_REST: Final = {
    StorageFault.OTHER_XML: _xml(_BLOCK_LIST),
    StorageFault.GARBLED_XML: _xml(_GARBLED_LISTING),
    StorageFault.NOTHING: _xml(_LISTING),
}


def in_place_of(fault: StorageFault, operation: Operation, method: str) -> Answer | None:
    """Return the answer that is made up in place of storage's, None if storage is asked."""
    others = _FOR_BLOCK_LISTS if operation is Operation.BLOCK_LIST else _FOR_THE_REST
    answer = _MADE_UP.get(fault) or others.get(fault)
    # To HEAD nobody sends a body, though the headers may tell of one.
    return replace(answer, body=b"") if answer is not None and method == "HEAD" else answer


def halved(answer: Answer, *, says_so: bool) -> Answer:
    """Return an answer of half a body: one that says so of its length, or one that breaks off."""
    body = answer.body[: len(answer.body) // 2]
    if says_so and answer.body:
        return replace(answer, body=body, length=str(len(body)))
    if not answer.body:
        raise Broken  # the answer itself is what can be cut off
    return replace(answer, body=body, closes=True)
