"""Checks of storage's answers, before they are believed.

Between Sluice and a storage account there may be proxies, firewalls that inspect TLS, and captive portals. What they
answer in storage's place (a page with status 404, or with 200) must never be mistaken for storage's answer: a log blob
would count as gone, or as one without blocks. So an answer counts only if it has storage's own form, and matches the
request (Blob service REST API, "Common REST API response headers", "Get Blob", "Get Block List", "List Blobs").
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.data.tables import TableErrorCode
from azure.storage.blob import ExponentialRetry, StorageErrorCode

from shared.storage.block_list import BlockListAnswer
from shared.storage.foreign import ForeignAnswerError

_COMP: Final = re.compile(r"(?:^|&)comp=([a-z]+)")
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d+)")
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_ROOTS: Final = {"blocklist": b"BlockList", "list": b"EnumerationResults", "blobs": b"EnumerationResults"}
"""The element around the answer to a question, by its parameter `comp`."""
_PROLOGUE: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*")
_NAMED: Final = ("GET", "HEAD", "PUT")
_CODES: Final = frozenset(code.value for code in (*StorageErrorCode, *TableErrorCode)) | {
    "AuthorizationPermissionMismatch",
    "AuthorizationProtocolMismatch",
    "AuthorizationResourceTypeMismatch",
    "AuthorizationServiceMismatch",
    "AuthorizationSourceIPMismatch",
    "KeyBasedAuthenticationNotPermitted",
    "PublicAccessNotPermitted",
}
"""The libraries' lists, and Azure's others ("Common REST API error codes"). No other code is repeated."""
_ABSENT: Final = frozenset(
    {
        StorageErrorCode.BLOB_NOT_FOUND.value,
        StorageErrorCode.CONTAINER_NOT_FOUND.value,
        TableErrorCode.RESOURCE_NOT_FOUND.value,
    }
)


class CheckedRetry(ExponentialRetry):
    """Repeats requests as the library does, and checks the final answer.

    It is a retry policy because that is what sees the last answer, once, whatever was repeated before.
    """

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response: PipelineResponse[Any, Any] = super().send(request)  # type: ignore[no-untyped-call]
        asked, answered = request.http_request, response.http_response
        try:
            check_answer(asked, answered)
            if answered.status_code == HTTPStatus.OK and _comp(asked) == "blocklist":
                response.http_response = BlockListAnswer(answered)
        except ForeignAnswerError:
            answered.close()  # its body may not have been read, and its connection be waiting
            raise
        return response


def check_answer(asked: Any, answered: Any) -> None:  # noqa: ANN401 -- azure-core's requests and responses
    """Check that an answer is storage's own, and matches the request.

    Raises:
        ForeignAnswerError: It is not.
    """
    check_form(answered)
    check_question(asked, answered)
    if HTTPStatus.OK <= answered.status_code < HTTPStatus.MULTIPLE_CHOICES:
        _check_success(asked, answered, asked.url.partition("?")[2])


def check_form(answered: Any) -> None:  # noqa: ANN401 -- as above
    """Check that an answer has storage's own form.

    Raises:
        ForeignAnswerError: It does not.
    """
    if "x-ms-request-id" not in answered.headers:
        raise ForeignAnswerError(f"it is not in storage's own form (status {answered.status_code})")


def check_question(asked: Any, answered: Any) -> None:  # noqa: ANN401 -- as above
    """Check that an answer is to this request, by the id that storage returns.

    Raises:
        ForeignAnswerError: It is not.
    """
    given_back = answered.headers.get("x-ms-client-request-id")
    if given_back and given_back != asked.headers.get("x-ms-client-request-id"):
        raise ForeignAnswerError(f"it belongs to another request (status {answered.status_code})")


def _comp(asked: Any) -> str:  # noqa: ANN401 -- as above
    found = _COMP.search(asked.url.partition("?")[2])
    return found[1] if found else ""


def _check_success(asked: Any, answered: Any, query: str) -> None:  # noqa: ANN401 -- as above
    comp = _comp(asked)
    if asked.method == "GET" and comp in _ROOTS:
        _check_root(answered.body(), _ROOTS[comp])
    elif asked.method in _NAMED and not comp and "restype" not in query and "etag" not in answered.headers:
        raise ForeignAnswerError("it names no ETag")
    if asked.method == "HEAD" and not comp and "restype" not in query and "x-ms-blob-type" not in answered.headers:
        raise ForeignAnswerError("it does not describe a blob")
    if asked.method == "GET" and (wanted := _range_of(asked.headers)) is not None:
        _check_range(wanted, asked.headers, answered)


def _check_root(body: bytes, root: bytes) -> None:
    prologue = _PROLOGUE.match(body)
    rest = body[prologue.end() if prologue else 0 :].rstrip()
    begins = rest.startswith(b"<" + root) and rest[len(root) + 1 : len(root) + 2] in {b">", b" ", b"/"}
    if not begins or not rest.endswith((b"</" + root + b">", b"/>")):
        raise ForeignAnswerError(f"it is not a complete <{root.decode()}>")


def _range_of(headers: Mapping[str, str]) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(headers.get("x-ms-range") or headers.get("Range") or "")
    return None if found is None else (int(found[1]), int(found[2]))


def _check_range(wanted: tuple[int, int], asked: Mapping[str, str], answered: Any) -> None:  # noqa: ANN401 -- as above
    headers = answered.headers
    given = _CONTENT_RANGE.fullmatch(headers.get("Content-Range") or "")
    if answered.status_code != HTTPStatus.PARTIAL_CONTENT or given is None:
        raise ForeignAnswerError(f"it is not the requested range (status {answered.status_code})")
    start, end, size = (int(number) for number in given.groups())
    if (start, end) != (wanted[0], min(wanted[1], size - 1)):
        raise ForeignAnswerError(f"it is bytes {start} to {end} instead of {wanted[0]} to {wanted[1]}")
    if headers.get("Content-Length", str(end - start + 1)) != str(end - start + 1):
        raise ForeignAnswerError("its length is not that of the requested range")
    if asked.get("If-Match", headers["etag"]) not in {headers["etag"], "*"}:
        raise ForeignAnswerError("it is of a different commit than requested")


def code_of(error: HttpResponseError) -> str:
    """Return the code of storage's refusal; "" if it is not one of storage's own."""
    response = getattr(error, "response", None)
    said = None if response is None else response.headers.get("x-ms-error-code")
    code = getattr(error, "error_code", None) or _code_in_body(response) or said
    text = str(getattr(code, "value", code))
    # Header and body must say the same, or it is not known what was meant.
    return text if text in _CODES and said in {None, text} else ""


def _code_in_body(response: Any) -> str | None:  # noqa: ANN401 -- as above
    # Of the table service, which names it in no header; for an insert the library does not look for it.
    try:
        return str(orjson.loads(response.body())["odata.error"]["code"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def says(error: HttpResponseError, *codes: StorageErrorCode | TableErrorCode) -> bool:
    """Return whether storage itself refused, and with one of these codes."""
    code = code_of(error)
    if code in _ABSENT and error.status_code != HTTPStatus.NOT_FOUND:
        return False
    return code in {code.value for code in codes}
