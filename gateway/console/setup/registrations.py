"""The page of the Azure subscriptions that `terraform apply` registered, including those that are gone."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.visitor import Visitor
from gateway.traffic.first import first_of


class RegistrationsPage:
    """The page of the registrations."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/registrations`."""
        registrations = await run_in_threadpool(self._console.stores.registrations.all, visitor.user.customer)
        return self._console.pages.render(
            request, visitor, "setup/registrations.html", registrations=first_of(registrations)
        )
