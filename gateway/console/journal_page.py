"""The journal: who did what, and when."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.forms import whole_number
from gateway.console.pages import Pages
from gateway.console.visitor import Visitor
from gateway.stores.journal import Journal

_SIZE: Final = 50


class JournalPage:
    """The page of the journal."""

    def __init__(self, pages: Pages, journal: Journal) -> None:
        self._pages = pages
        self._journal = journal

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/journal`, which begins before the entry that the query names, or with the newest."""
        before = whole_number(request.query_params.get("before", ""))
        entries = await run_in_threadpool(self._journal.page, visitor.user.customer, before, _SIZE + 1)
        older = entries[_SIZE - 1].number if len(entries) > _SIZE else None
        return self._pages.render(
            request, visitor, "journal.html", entries=entries[:_SIZE], older=older, newest=before is None
        )
