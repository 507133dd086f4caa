"""Registrations: the Azure subscriptions that `terraform apply` registered, and those that are gone."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.pages import Pages
from gateway.console.visitor import Visitor
from gateway.stores.registrations import Registrations
from gateway.traffic.first import first_of


class RegistrationsPage:
    """The page of the registrations."""

    def __init__(self, pages: Pages, registrations: Registrations) -> None:
        self._pages = pages
        self._registrations = registrations

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/registrations`."""
        registrations = await run_in_threadpool(self._registrations.all, visitor.user.customer)
        return self._pages.render(request, visitor, "registrations.html", registrations=first_of(registrations))
