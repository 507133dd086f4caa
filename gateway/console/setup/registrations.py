"""The page of the deployments that `terraform apply` registered, including those that are gone."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.registrations import deregister
from gateway.console.console import Console
from gateway.console.errors import not_found
from gateway.console.links import REGISTRATIONS, url
from gateway.console.pages import redirect
from gateway.console.setup.delivering import deliverers, others
from gateway.console.visitor import Visitor
from gateway.stores.audit_log import Actor
from gateway.traffic.first import first_of


class RegistrationsPage:
    """The page of the registrations."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stores = console.stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/registrations`."""
        customer = visitor.user.customer
        registrations = await run_in_threadpool(self._stores.registrations.all, customer)
        configured = await run_in_threadpool(self._stores.deployments.all, customer)
        delivering = deliverers([each for each in registrations if each.gone_at is None], configured)
        ended = request.query_params.get("ended")
        return self._console.pages.render(
            request,
            visitor,
            "setup/registrations.html",
            registrations=first_of(registrations),
            configured={each.name for each in configured},
            others=lambda each, account: others(delivering, account, each.deployment, each.subscription_id),
            ended=next((each for each in registrations if each.gone_at and each.key == ended), None),
        )

    async def end(self, request: Request, visitor: Visitor) -> Response:
        """Answer `POST /setup/registrations/KEY/end`."""
        key = request.path_params["key"]
        await run_in_threadpool(self._end, visitor.actor, key)
        return redirect(url(REGISTRATIONS, ended=key))

    def _end(self, actor: Actor, key: str) -> None:
        registered = self._stores.registrations.in_force(actor.customer)
        found = next((each for each in registered if each.key == key), None)
        if found is None:
            raise not_found("registration to end")
        deregister(self._stores, actor, self._console.clock(), found.subscription_id, found.deployment)
