"""Requests that the console refuses. Each is answered with a page."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from gateway.stores.errors import ChangedError, FullError, GoneError, KeyLostError, StoreError, TakenError


class PageError(Exception):
    """A request that is refused, with what its sender should do.

    Attributes:
        status: The HTTP status.
        message: Sentences for people: what, where, what to do. They never hold a secret.
        headers: Further headers of the answer, such as `Retry-After`.

    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def not_found(what: str) -> PageError:
    """Refuse a request for something that is not there, or that is another customer's, which must look the same."""
    return PageError(404, f"There is no {what} here. It may have been removed, or the address is mistyped.")


_STATUS: Final[Mapping[type[StoreError], HTTPStatus]] = {
    TakenError: HTTPStatus.CONFLICT,
    ChangedError: HTTPStatus.CONFLICT,
    FullError: HTTPStatus.CONFLICT,
    GoneError: HTTPStatus.NOT_FOUND,
    KeyLostError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""What is answered where no field of a form shows the error."""


def refused(error: StoreError) -> PageError:
    """Answer what a store can't do, by the remedy."""
    return PageError(_STATUS.get(type(error), HTTPStatus.SERVICE_UNAVAILABLE), str(error))
