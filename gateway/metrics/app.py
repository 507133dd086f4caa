"""`GET /metrics`, for Prometheus, on a separate listener."""

import hmac
from pathlib import Path
from typing import Final

import anyio
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.api.errors import ApiError, on_api_error, on_failure, on_http_exception, on_storage_error
from gateway.clock import Clock
from gateway.framing import OneEnd
from gateway.headers import SecurityHeaders
from gateway.metrics.activity import Activity
from gateway.metrics.collecting import Customers, Totals
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.stores import Stores

_SHORTEST: Final = 16


class TokenFileError(Exception):
    """The metrics token can't be read; the message says why and what to do."""


def read_token(path: Path) -> str:
    """Read the token that shows customers' figures.

    Raises:
        TokenFileError: The file can't be read, or contains no valid token.
    """
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise TokenFileError(f"--metrics-token-file {path} can't be read: {error}") from None
    if len(token) < _SHORTEST or not all(letter.isprintable() and not letter.isspace() for letter in token):
        raise TokenFileError(
            f"--metrics-token-file {path} does not contain a valid token: write one line of at least {_SHORTEST} "
            f"visible ASCII characters into it, such as from `openssl rand -hex 32`."
        )
    return token


def create_metrics(stores: Stores, activity: Activity, data: Path, clock: Clock, token: str | None = None) -> ASGIApp:
    """Build the listener's application.

    Args:
        stores: Open stores; they stay open when the application ends.
        activity: What is in progress in this process.
        data: The directory of the stores.
        clock: The time.
        token: The token that customers' figures require; without one, nobody sees them.
    """
    totals, all_of_it = CollectorRegistry(), CollectorRegistry()
    for registry in (totals, all_of_it):
        registry.register(Totals(stores, activity, data, clock))
        ProcessCollector(registry=registry)
    all_of_it.register(Customers(stores, activity, clock))
    # However many scrapes there are, they use one at a time, and no thread that posts need.
    one_at_a_time = anyio.CapacityLimiter(1)

    async def get(request: Request) -> Response:
        presented = request.headers.get("authorization", "")
        may_see_all = token is not None and hmac.compare_digest(presented.encode(), f"Bearer {token}".encode())
        shown = all_of_it if may_see_all else totals
        write, media_type = choose_encoder(request.headers.get("accept", ""))
        figures = await anyio.to_thread.run_sync(write, shown, limiter=one_at_a_time)
        return Response(figures, headers={"Content-Type": media_type})

    app = Starlette(
        routes=[Route("/metrics", get, methods=["GET"])],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_exception,
            **dict.fromkeys(STORAGE_ERRORS, on_storage_error),
            Exception: on_failure,
        },
    )
    return SecurityHeaders(OneEnd(app), encrypted=False)
