"""Requests that the console refuses. Each is answered with a page."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from gateway.stores.errors import (
    AmbiguousError,
    ChangedError,
    FullError,
    GoneError,
    KeyLostError,
    NeededError,
    StoreError,
    TakenError,
)


class PageError(Exception):
    """A refused request, and what its sender should do.

    Attributes:
        status: The HTTP status.
        message: Sentences for people: what is wrong, where, and what to do. They never contain a secret.
        headers: Further headers of the answer, such as `Retry-After`.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def not_found(what: str) -> PageError:
    """Return the error for something that does not exist, or that belongs to another customer, which must look the
    same.
    """
    return PageError(404, f"There is no {what} here. It may have been removed, or the address may be mistyped.")


_STATUS: Final[Mapping[type[StoreError], HTTPStatus]] = {
    TakenError: HTTPStatus.CONFLICT,
    ChangedError: HTTPStatus.CONFLICT,
    AmbiguousError: HTTPStatus.CONFLICT,
    NeededError: HTTPStatus.CONFLICT,
    FullError: HTTPStatus.CONFLICT,
    GoneError: HTTPStatus.NOT_FOUND,
    KeyLostError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of an error that no field of a form shows."""


def refused(error: StoreError) -> PageError:
    """Answer a store's error, by its remedy."""
    return PageError(_STATUS.get(type(error), HTTPStatus.SERVICE_UNAVAILABLE), str(error))
