"""The page of the customer's storage budget."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.visitor import Visitor
from gateway.keeping.budgets import shares_of


class StoragePage:
    """The page of the storage."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/storage`."""
        shares = await run_in_threadpool(shares_of, self._console.stores, visitor.user.customer)
        return self._console.pages.render(request, visitor, "storage/budgets.html", shares=shares)
