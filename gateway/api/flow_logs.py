"""`POST /qas/flow-logs`: accept a batch of flow records once, however often it is sent."""

import re
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.auth import Auth
from gateway.api.errors import ApiError
from gateway.api.health import noting_faults
from gateway.api.intake import Intake, Origin, idempotency_key
from gateway.api.ndjson import read_lines
from gateway.clock import Clock
from gateway.limits import Limits
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.stores import Stores
from gateway.stores.tokens import TokenKind
from gateway.traffic.posts import Log
from gateway.traffic.store import StoreUnavailableError

_LOG_NAME: Final = re.compile(r"([a-z0-9]{3,24})/([^/]+/.+)", re.DOTALL)
_LOG_CHARACTERS: Final = 24 + 1 + 63 + 1 + 1024
"""The longest names of an account, a container and a blob ("Naming and referencing containers, blobs, and metadata").
"""
_REFUSED_TOKENS: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_KEPT_REFUSALS: Final = {400, 409, 413, 415, 429}
"""The statuses that concern what was sent or its customer's budget, and not the moment."""


class FlowLogs:
    """Accepts posts of flow records that come from logs."""

    def __init__(self, auth: Auth, stores: Stores, limits: Limits, clock: Clock) -> None:
        self._auth = auth
        self._records = stores.records
        self._health = stores.health
        self._clock = clock
        self._intake = Intake(stores, limits, clock)

    async def post(self, request: Request) -> Response:
        """Answer `POST /qas/flow-logs`."""
        with noting_faults(self._health, self._clock):
            return await self._take(request)

    async def _take(self, request: Request) -> Response:
        log = _log(request)
        try:
            token = await self._auth.subscription_token(request, TokenKind.INGEST)
        except ApiError as error:
            if log is not None and error.status in _REFUSED_TOKENS:
                await anyio.to_thread.run_sync(self._refuse_token, request, log, error)
            raise
        try:
            origin = Origin(token.customer, idempotency_key(request), log)
            answer = await self._intake.take(request, origin, read_lines)
        except ApiError as error:
            if log is not None and error.status in _KEPT_REFUSALS:
                await anyio.to_thread.run_sync(self._refuse, token.customer, log, error)
            raise
        return Response(orjson.dumps(answer), 202, media_type="application/json")

    def _refuse_token(self, request: Request, log: Log, error: ApiError) -> None:
        """Store the refusal of a token that was once valid, or is of the wrong kind, so that its customer sees why."""
        with suppress(ApiError, *STORAGE_ERRORS):
            customer = self._auth.customer_of_refused(request)
            # Only for known accounts: somebody with a revoked token must not be able to fill the disk with names.
            if customer is not None and self._records.knows(customer, log.account):
                self._refuse(customer, log, error)

    def _refuse(self, customer: int, log: Log, error: ApiError) -> None:
        with suppress(StoreUnavailableError):  # what the sender is told matters more
            self._records.refuse(customer, log.account, self._clock(), error.status, error.message)


def _log(request: Request) -> Log | None:
    """Read which log blob a post says it comes from. It is only for display, so anything else is ignored."""
    match = _LOG_NAME.fullmatch(unquote(request.headers.get("flow-log", ""))[:_LOG_CHARACTERS])
    return match and Log(match[1], match[2])
