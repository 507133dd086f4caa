"""`/qas/azure/subscriptions/{subscription_id}`: what `terraform apply` registers and `terraform destroy` removes."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.actions.registrations import deregister, deregister_only, register
from gateway.api.auth import Auth
from gateway.api.body import read_body
from gateway.api.errors import ApiError
from gateway.api.registration import is_guid, is_name, read_registration
from gateway.clock import Clock
from gateway.limits import Limits
from gateway.stores.audit_log import Actor
from gateway.stores.errors import AmbiguousError, GoneError
from gateway.stores.stores import Stores
from gateway.stores.tokens import SubscriptionToken, TokenKind


class AzureSubscriptions:
    """Keeps the registrations of a customer's Azure subscriptions."""

    def __init__(self, auth: Auth, stores: Stores, limits: Limits, clock: Clock) -> None:
        self._auth = auth
        self._stores = stores
        self._limits = limits
        self._clock = clock

    async def put(self, request: Request) -> Response:
        """Register a deployment in a subscription, or replace its registration."""
        token = await self._auth.subscription_token(request, TokenKind.INGEST)
        subscription_id = _subscription_id(request)
        registration = read_registration(await read_body(request, self._limits.form_bytes, self._limits.body_seconds))
        new = await run_in_threadpool(
            register, self._stores, self._actor(request, token), self._clock(), subscription_id, registration
        )
        return JSONResponse({"subscriptionId": subscription_id, **registration}, 201 if new else 200)

    async def delete(self, request: Request) -> Response:
        """Remove the registration of the deployment that the query names; without a query, the only one."""
        token = await self._auth.subscription_token(request, TokenKind.INGEST)
        subscription_id, deployment = _subscription_id(request), _deployment(request)
        who = self._stores, self._actor(request, token), self._clock()
        try:
            if deployment is None:
                await run_in_threadpool(deregister_only, *who, subscription_id)
            else:
                await run_in_threadpool(deregister, *who, subscription_id, deployment)
        except GoneError as error:
            raise ApiError(404, "not_registered", str(error)) from None
        except AmbiguousError as error:
            # Not 409: version 0.1's module warns of 403 and goes on, but any other refusal holds up its destroy.
            raise ApiError(403, "deployment_missing", f"{error} Send its name as ?deployment=NAME.") from None
        return Response(status_code=204)

    def _actor(self, request: Request, token: SubscriptionToken) -> Actor:
        return Actor.token(token, self._auth.address(request))


def _subscription_id(request: Request) -> str:
    text: str = request.path_params["subscription_id"]
    if not is_guid(text):
        raise ApiError(400, "bad_subscription_id", f"{text!r:.80} is not a valid subscription id, which is a GUID.")
    return text.lower()


def _deployment(request: Request) -> str | None:
    given = request.query_params.getlist("deployment")
    if not given:
        return None
    if len(given) > 1 or not is_name(given[0]):
        raise ApiError(400, "bad_deployment", "Send one ?deployment=, with the name that was registered.")
    return given[0]
