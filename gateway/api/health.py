"""`GET /healthz`, and what it learns from posts."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool

from gateway.api.errors import ApiError, StorageFailedError
from gateway.clock import Clock
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.health import Health, StillFailingError
from gateway.stores.stores import Stores


async def require_healthy(stores: Stores, clock: Clock) -> None:
    """Make sure that the stores answer and accept posts.

    Raises:
        ApiError: 503 if they do not.
    """
    try:
        await run_in_threadpool(stores.check, clock())
    except (*STORAGE_ERRORS, StillFailingError):
        message = "The storage does not answer. Check for a full disk, then restart the gateway."
        raise ApiError(503, "storage", message) from None


@contextmanager
def noting_faults(health: Health, clock: Clock) -> Iterator[None]:
    """Note whether a post fails for the gateway's own reasons: its disk, its memory, a lock. Refusals do not count."""
    try:
        yield
    except (StorageFailedError, MemoryError, *STORAGE_ERRORS):
        health.failed(clock())
        raise
