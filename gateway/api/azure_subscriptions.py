"""`/qas/azure/subscriptions/{subscription_id}`: what `terraform apply` registers and `terraform destroy` removes."""

from typing import Any
from uuid import UUID

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.actions.registrations import deregister, register
from gateway.api.auth import Auth
from gateway.api.body import read_body
from gateway.api.errors import ApiError
from gateway.clock import Clock
from gateway.limits import Limits
from gateway.stores.audit_log import Actor
from gateway.stores.errors import GoneError
from gateway.stores.stores import Stores
from gateway.stores.tokens import SubscriptionToken, TokenKind

_REGION_KEYS = ("location", "storageAccount", "functionApp")


class AzureSubscriptions:
    """Keeps the registrations of a customer's Azure subscriptions."""

    def __init__(self, auth: Auth, stores: Stores, limits: Limits, clock: Clock) -> None:
        self._auth = auth
        self._stores = stores
        self._limits = limits
        self._clock = clock

    async def put(self, request: Request) -> Response:
        """Register a subscription, or replace its registration."""
        token = await self._auth.subscription_token(request, TokenKind.INGEST)
        subscription_id = _subscription_id(request)
        registration = _registration(await read_body(request, self._limits.form_bytes, self._limits.body_seconds))
        new = await run_in_threadpool(
            register, self._stores, self._actor(request, token), self._clock(), subscription_id, registration
        )
        return JSONResponse({"subscriptionId": subscription_id, **registration}, 201 if new else 200)

    async def delete(self, request: Request) -> Response:
        """Remove a subscription's registration."""
        token = await self._auth.subscription_token(request, TokenKind.INGEST)
        subscription_id = _subscription_id(request)
        actor = self._actor(request, token)
        try:
            await run_in_threadpool(deregister, self._stores, actor, self._clock(), subscription_id)
        except GoneError as error:
            raise ApiError(404, "not_registered", str(error)) from None
        return Response(status_code=204)

    def _actor(self, request: Request, token: SubscriptionToken) -> Actor:
        return Actor.token(token, self._auth.address(request))


def _subscription_id(request: Request) -> str:
    text: str = request.path_params["subscription_id"]
    if not _is_guid(text):
        raise ApiError(400, "bad_subscription_id", f"{text!r:.80} is not a valid subscription id, which is a GUID.")
    return text.lower()


def _registration(body: bytes) -> dict[str, Any]:
    """Check a registration, and return the part that is stored.

    The application's credential is not stored: nothing in the gateway signs in to Azure, and a secret that is not there
    cannot leak.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise _bad("The body is not a JSON object.")
    for key in ("tenantId", "applicationId"):
        if not isinstance(value.get(key), str) or not _is_guid(value[key]):
            raise _bad(f"{key} must be a GUID.")
    if not _is_text(value.get("deployment")):
        raise _bad("deployment must be a string.")
    if "credential" not in value:
        raise _bad("credential is missing.")
    regions = value.get("regions")
    if not isinstance(regions, list) or not regions or not all(map(_is_region, regions)):
        raise _bad(f"regions must be a list of objects with {', '.join(_REGION_KEYS)}, each a string.")
    return {
        "tenantId": value["tenantId"],
        "applicationId": value["applicationId"],
        "deployment": value["deployment"],
        "regions": [{key: region[key] for key in _REGION_KEYS} for region in regions],
    }


def _is_region(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(value.get(key)) for key in _REGION_KEYS)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 300  # noqa: PLR2004 - longer than any name in Azure


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_registration", message)
