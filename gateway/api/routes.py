"""The calls of the HTTP API."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.api.auth import Auth
from gateway.api.azure_subscriptions import AzureSubscriptions
from gateway.api.description import describe
from gateway.api.flow_logs import FlowLogs
from gateway.api.health import require_healthy
from gateway.clock import Clock
from gateway.limits import Limits
from gateway.signing_in import SigningIn
from gateway.stores.stores import Stores

_PATHS: Final = {"/auth", "/healthz", "/openapi.json"}


def is_api(path: str) -> bool:
    """Return whether a path belongs to the API, even if there is nothing at it: programs get answers in JSON."""
    return path in _PATHS or path.startswith("/qas/")


def api_routes(stores: Stores, signing_in: SigningIn, limits: Limits, clock: Clock) -> list[Route]:
    """Return the API's routes."""
    auth = Auth(stores, signing_in, limits, clock)
    flow_logs = FlowLogs(auth, stores, limits, clock)
    azure = AzureSubscriptions(auth, stores, limits, clock)

    async def healthz(_request: Request) -> JSONResponse:
        await require_healthy(stores, clock)
        return JSONResponse({"status": "ok"})

    return [
        Route("/auth", auth.post_auth, methods=["POST"]),
        _route("/qas/subscription-token", POST=auth.post_subscription_token, GET=auth.get_subscription_token),
        _route("/qas/azure/subscriptions/{subscription_id}", PUT=azure.put, DELETE=azure.delete),
        Route("/qas/flow-logs", flow_logs.post, methods=["POST"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/openapi.json", describe, methods=["GET"]),
    ]


def _route(path: str, **methods: Callable[[Request], Awaitable[Response]]) -> Route:
    """Return one route for several methods. With a route for each, `Allow` would name only one."""

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await methods[method](request)

    return Route(path, answer, methods=list(methods))
