"""The journal: who did what, and when."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.console import Console
from gateway.console.forms import whole_number
from gateway.console.visitor import Visitor

_SIZE: Final = 50


class AuditLogPage:
    """The page of the journal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /setup/journal`, which begins before the entry that the query names, or with the newest."""
        before = whole_number(request.query_params.get("before", ""))
        entries = await run_in_threadpool(self._console.stores.audit_log.page, visitor.user.customer, before, _SIZE + 1)
        older = entries[_SIZE - 1].number if len(entries) > _SIZE else None
        return self._console.pages.render(
            request, visitor, "people/audit_log.html", entries=entries[:_SIZE], older=older, newest=before is None
        )
