"""Answers other than success, in the one form that the HTTP API has for them."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

_logger = logging.getLogger(__name__)


class ApiError(Exception):
    """A request that is refused, with what its sender should do.

    Attributes:
        status: The HTTP status.
        code: A word that programs may look at, such as `wrong_token`.
        message: A sentence for people: what, where, what to do. It never holds a secret.
        headers: Further headers of the answer, such as `Retry-After`.

    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class StorageFailedError(ApiError):
    """What could not be stored or read is put off."""

    def __init__(self) -> None:
        super().__init__(503, "storage", "The gateway's storage failed. Send it again later.", {"Retry-After": "30"})


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Write the JSON that every error is answered with."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


async def on_api_error(_request: Request, error: Exception) -> JSONResponse:
    """Answer a refusal of our own."""
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class alone
    return error_response(error.status, error.code, error.message, error.headers)


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router refuses: an unknown path or method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    status = HTTPStatus(error.status_code)
    messages = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path!r}. Check the path in the gateway's address.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.url.path!r} does not accept {request.method}.",
    }
    code = status.name.lower()
    return error_response(status, code, messages.get(status, f"{status.phrase}."), error.headers)


async def on_storage_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a fault of the storage, as on a full disk."""
    _logger.error("A call failed on storage. Look for a full disk first, then restart the gateway.", exc_info=error)
    return await on_api_error(request, StorageFailedError())


async def on_failure(_request: Request, _error: Exception) -> JSONResponse:
    """Answer a fault of the gateway, whose traceback goes to the operator's log and nowhere else."""
    return error_response(500, "fault", "The gateway failed on this request. Try again; its log has the reason.")
