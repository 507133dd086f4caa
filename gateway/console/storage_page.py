"""Storage: how much of its budget the customer has used."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.pages import Pages
from gateway.console.visitor import Visitor
from gateway.keeping.budgets import shares_of
from gateway.stores.stores import Stores


class StoragePage:
    """The page of the storage."""

    def __init__(self, pages: Pages, stores: Stores) -> None:
        self._pages = pages
        self._stores = stores

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/storage`."""
        shares = await run_in_threadpool(shares_of, self._stores, visitor.user.customer)
        return self._pages.render(request, visitor, "storage.html", shares=shares)
