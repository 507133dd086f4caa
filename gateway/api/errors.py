"""Error answers, all in the one form that the HTTP API has for them."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

_logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A refused request, and what its sender should do.

    Attributes:
        status: The HTTP status.
        code: A code for programs, such as `wrong_token`.
        message: A sentence for people: what is wrong, where, and what to do. It never contains a secret.
        headers: Further headers of the answer, such as `Retry-After`.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class StorageFailedError(ApiError):
    """The storage failed; the sender should try again later."""

    def __init__(self) -> None:
        super().__init__(503, "storage", "The gateway's storage failed. Send it again later.", {"Retry-After": "30"})


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error's answer in JSON."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


async def on_api_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer one of our own errors."""
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class alone
    return error_response(error.status, error.code, error.message, error.headers)


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer the router's error: an unknown path or method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    status = HTTPStatus(error.status_code)
    messages = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path!r}. Check the path in the gateway's address.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.url.path!r} does not accept {request.method}.",
    }
    code = status.name.lower()
    return error_response(status, code, messages.get(status, f"{status.phrase}."), error.headers)


async def on_storage_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a failure of the storage, such as a full disk."""
    _logger.error(
        "A call failed because of the storage. Check for a full disk first, then restart the gateway.", exc_info=error
    )
    return await on_api_error(request, StorageFailedError())


async def on_failure(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a fault of the gateway. Its traceback goes only to the operator's log."""
    return error_response(
        500, "fault", "The gateway failed on this request. Try again; the gateway's log has the reason."
    )
