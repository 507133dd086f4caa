"""The edge's application, on a separate listener for agents only."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.api.auth import Auth
from gateway.api.body import Bodies
from gateway.api.errors import ApiError, on_api_error, on_failure, on_http_exception, on_storage_error
from gateway.api.health import require_healthy
from gateway.api.request_log import RequestLog, Sink
from gateway.clock import Clock, iso
from gateway.edge.agent_access import AgentAccess
from gateway.edge.delivering import AgentDeliveries
from gateway.edge.poll import AgentPoll
from gateway.framing import OneEnd
from gateway.headers import SecurityHeaders
from gateway.limits import DEFAULT_LIMITS, Limits
from gateway.metrics.activity import Activity
from gateway.signing_in import SigningIn
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.stores import Stores

PORT: Final = 8048
_DOCUMENT: Final = (Path(__file__).parent / "openapi.json").read_bytes()


def create_edge(
    stores: Stores, clock: Clock, sink: Sink, limits: Limits = DEFAULT_LIMITS, activity: Activity | None = None
) -> ASGIApp:
    """Build the edge's application.

    Args:
        stores: Open stores; they stay open when the application ends.
        clock: The time.
        sink: Takes the request log.
        limits: The limits for one request.
        activity: Counts what is in progress in this process, for the metrics.
    """
    activity = activity or Activity()
    app = Starlette(
        routes=edge_routes(stores, clock, limits),
        middleware=[Middleware(RequestLog, sink=activity.tally.beside(sink), clock=clock)],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_exception,
            **dict.fromkeys(STORAGE_ERRORS, on_storage_error),
            Exception: on_failure,
        },
    )
    app.state.bodies = activity.bodies["edge"] = Bodies(limits.bodies_bytes, limits.bodies_of_one_bytes)
    return SecurityHeaders(OneEnd(app), encrypted=True)


def edge_routes(stores: Stores, clock: Clock, limits: Limits) -> list[Route]:
    """Return the edge's routes."""
    access = AgentAccess(Auth(stores, SigningIn(stores, clock), limits, clock), stores, clock)

    async def healthz(_request: Request) -> Response:
        await require_healthy(stores, clock)
        return JSONResponse({"status": "ok", "time": iso(clock())})

    async def describe(_request: Request) -> Response:
        return Response(_DOCUMENT, media_type="application/json")

    return [
        Route("/agent/v1/request", AgentPoll(access, stores, limits).get, methods=["GET"]),
        Route("/agent/v1/traffic", AgentDeliveries(access, stores, limits, clock).post, methods=["POST"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/openapi.json", describe, methods=["GET"]),
    ]
