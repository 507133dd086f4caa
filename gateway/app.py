"""The gateway's application: which call is answered by which part."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio
import duckdb
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.api.auth import Auth
from gateway.api.azure_subscriptions import AzureSubscriptions
from gateway.api.errors import ApiError, on_api_error, on_failure, on_http_exception
from gateway.api.flow_logs import FlowLogs
from gateway.api.request_log import RequestLog, Sink
from gateway.clock import Clock
from gateway.limits import DEFAULT_LIMITS, Limits
from gateway.stores.accounts import Accounts
from gateway.stores.records import Records

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """What the gateway keeps; as a context manager it is closed at the end."""

    accounts: Accounts
    records: Records

    def __enter__(self) -> Self:
        """Give the stores themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close them."""
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self.records.close()
        self.accounts.close()


def create_app(
    stores: Stores, clock: Clock, sink: Sink, limits: Limits = DEFAULT_LIMITS, middleware: Sequence[Middleware] = ()
) -> Starlette:
    """Put the gateway together.

    Args:
        stores: Open stores; they stay open when the application ends.
        clock: The time for tokens and keys.
        sink: Takes the request log.
        limits: What one request may bring.
        middleware: Further layers between the request log and the calls.

    """
    auth = Auth(stores.accounts, limits, clock)
    flow_logs = FlowLogs(auth, stores.records, limits, clock)
    azure = AzureSubscriptions(auth, stores.accounts, limits, clock)

    async def healthz(_request: Request) -> JSONResponse:
        try:
            await run_in_threadpool(stores.records.check)
        except duckdb.Error:
            raise ApiError(503, "storage", "The storage does not answer. Restart the gateway.") from None
        return JSONResponse({"status": "ok"})

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            await _forget_keys(stores.records, clock)
            tasks.start_soon(_keep_house, stores.records, clock)
            yield
            tasks.cancel_scope.cancel()

    return Starlette(
        routes=[
            Route("/auth", auth.post_auth, methods=["POST"]),
            Route("/qas/subscription-token", auth.post_subscription_token, methods=["POST"]),
            Route("/qas/subscription-token", auth.get_subscription_token, methods=["GET"]),
            Route("/qas/azure/subscriptions/{subscription_id}", azure.put, methods=["PUT"]),
            Route("/qas/azure/subscriptions/{subscription_id}", azure.delete, methods=["DELETE"]),
            Route("/qas/flow-logs", flow_logs.post, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
        ],
        middleware=[Middleware(RequestLog, sink=sink, clock=clock), *middleware],
        exception_handlers={ApiError: on_api_error, HTTPException: on_http_exception, Exception: on_failure},
        lifespan=lifespan,
    )


async def _keep_house(records: Records, clock: Clock) -> None:
    """Forget what has outlived its time, once an hour."""
    while True:
        await anyio.sleep(3600)
        await _forget_keys(records, clock)


async def _forget_keys(records: Records, clock: Clock) -> None:
    try:
        await run_in_threadpool(records.forget_keys, clock())
    except duckdb.Error:
        _logger.exception("Old idempotency keys could not be removed. The next try is in an hour.")
