"""The gateway's application, which combines the API and the console."""

import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.api.body import Bodies
from gateway.api.errors import ApiError, on_api_error, on_failure, on_http_exception
from gateway.api.errors import on_storage_error as on_api_storage_error
from gateway.api.request_log import RequestLog, Sink
from gateway.api.routes import api_routes, is_api
from gateway.clock import Clock
from gateway.console.errors import PageError
from gateway.console.routes import Routes
from gateway.framing import OneEnd
from gateway.headers import SecurityHeaders
from gateway.keeping.chores import start_chores
from gateway.limits import DEFAULT_LIMITS, Limits
from gateway.metrics.activity import Activity
from gateway.signing_in import SigningIn
from gateway.site import Site
from gateway.stores.errors import STORAGE_ERRORS, StoreError
from gateway.stores.stores import Stores

_logger = logging.getLogger(__name__)


def create_app(  # noqa: PLR0913, PLR0917 - the parts of a whole
    stores: Stores,
    site: Site,
    clock: Clock,
    sink: Sink,
    limits: Limits = DEFAULT_LIMITS,
    middleware: Sequence[Middleware] = (),
    records_life: timedelta | None = None,
    activity: Activity | None = None,
) -> ASGIApp:
    """Build the gateway's application.

    Args:
        stores: Open stores; they stay open when the application ends.
        site: Where the gateway is, as others see it.
        clock: The time for tokens, keys and sessions.
        sink: Takes the request log.
        limits: The limits for one request.
        middleware: Further layers between the request log and the calls.
        records_life: How long flow records are kept by default, counted from their own timestamps; None for ever.
        activity: Counts what is in progress in this process, for the metrics.
    """
    activity = activity or Activity()
    signing_in = SigningIn(stores, clock, behind_a_proxy=site.behind_a_proxy)
    pages = Routes(stores, site, signing_in, limits, clock, activity.slots, records_life)

    async def on_router_exception(request: Request, error: Exception) -> Response:
        answer = on_http_exception if is_api(request.url.path) else pages.on_http_exception
        return await answer(request, error)

    async def on_any_failure(request: Request, error: Exception) -> Response:
        answer = on_failure if is_api(request.url.path) else pages.on_failure
        return await answer(request, error)

    async def on_storage_error(request: Request, error: Exception) -> Response:
        if is_api(request.url.path):
            return await on_api_storage_error(request, error)
        _logger.error(
            "A page could not be made. Check for a full disk first, then restart the gateway.", exc_info=error
        )
        return await pages.on_storage_error(request, error)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            ending = threading.Event()
            await start_chores(tasks, stores, clock, records_life, ending)
            yield
            ending.set()
            tasks.cancel_scope.cancel()

    app = Starlette(
        routes=[*api_routes(stores, signing_in, limits, clock), *pages.all],
        middleware=[Middleware(RequestLog, sink=activity.tally.beside(sink), clock=clock), *middleware],
        exception_handlers={
            ApiError: on_api_error,
            PageError: pages.on_page_error,
            StoreError: pages.on_store_error,
            HTTPException: on_router_exception,
            **dict.fromkeys(STORAGE_ERRORS, on_storage_error),
            Exception: on_any_failure,
        },
        lifespan=lifespan,
    )
    app.state.bodies = activity.bodies["gateway"] = Bodies(limits.bodies_bytes, limits.bodies_of_one_bytes)
    # Outermost, so that answers to failures have the headers, too.
    return SecurityHeaders(OneEnd(app), encrypted=site.encrypted)
