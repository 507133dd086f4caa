"""Rows for a file: the list's question answered in full, as a file that is written while it is sent."""

import math
import threading
from collections.abc import AsyncIterator, Generator, Mapping
from functools import partial
from typing import Final

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.actions.exports import note_export
from gateway.console.console import Console
from gateway.console.errors import PageError, not_found
from gateway.console.figures import written
from gateway.console.traffic.record_pages import RecordPages
from gateway.console.traffic.view import View
from gateway.console.visitor import Visitor
from gateway.leaving import LeftError, while_awaited
from gateway.stores.audit_log import Action
from gateway.traffic.exports.formats import FORMATS, Format, chunks
from gateway.traffic.store import TooSlowError

_BY_SUFFIX: Final = {each.suffix: each for each in FORMATS}


class Export:
    """The files of the list."""

    def __init__(self, console: Console, record_pages: RecordPages) -> None:
        self._console = console
        self._record_pages = record_pages

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Answer `GET /traffic/export.SUFFIX`.

        The records are read while they are sent, no faster than the browser receives them; if it disconnects, reading
        stops.
        """
        if request.method != "GET":
            # Where there is GET, routes answer HEAD by it: all the records would be read for nobody.
            raise PageError(405, f"Exports do not accept {request.method}. Request them with GET.", {"Allow": "GET"})
        form = _BY_SUFFIX.get(request.path_params["suffix"])
        if form is None:
            raise not_found("format of export")
        customer = visitor.user.customer
        view, _ = await self._record_pages.view(customer, request.query_params)
        if view.problems:
            raise PageError(422, " ".join(view.problems.values()))
        await run_in_threadpool(self._record, visitor, view, form)
        left = threading.Event()
        records = self._record_pages.records.asked_by_people(math.inf, left)
        content = chunks(form.lines(records.every(view.question(customer))))
        # The first part tells how all of it is cut, which takes as long as a page's question.
        begin = partial(self._record_pages.slots.run, customer, next, content, b"")
        try:
            first = await while_awaited(request, begin, left.set)
        except (LeftError, TooSlowError):
            content.close()
            return Response(status_code=499)
        headers = {"Content-Disposition": f'attachment; filename="{_name(view, form.suffix)}"'}
        return streamed(_resumed(first, content), self._record_pages.slots.threads, headers, form.media_type)

    def _record(self, visitor: Visitor, view: View, form: Format) -> None:
        """Record the export in the audit log."""
        what = f"{form.name}, {written(view.start)} to {written(view.end)} {view.search}"
        note_export(self._console.stores, visitor.actor, self._console.clock(), Action.EXPORTED_TRAFFIC, what)


def _resumed(first: bytes, content: Generator[bytes]) -> Generator[bytes]:
    try:
        yield first
        yield from content
    finally:
        content.close()


def streamed(
    content: Generator[bytes], threads: anyio.CapacityLimiter, headers: Mapping[str, str], media_type: str
) -> Response:
    """Stream content; its generator is closed as soon as the client disconnects."""
    return StreamingResponse(_closed_at_the_end(content, threads), headers=headers, media_type=media_type)


async def _closed_at_the_end(content: Generator[bytes], threads: anyio.CapacityLimiter) -> AsyncIterator[bytes]:
    try:
        while chunk := await anyio.to_thread.run_sync(next, content, b"", limiter=threads):
            yield chunk
    finally:
        # Not by the garbage collector, whose time nobody knows: a query may be open.
        with anyio.CancelScope(shield=True):
            await run_in_threadpool(content.close)


def _name(view: View, suffix: str) -> str:
    ends = "-".join(written(moment).replace(":", "") for moment in (view.start, view.end))
    return f"traffic-{ends}.{suffix}"
