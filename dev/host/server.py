"""The host's HTTP endpoints: the Event Grid webhook of blob triggers, and what an administrator may call."""

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dev.host.control_queue import BlobMessage
from dev.host.functions import BlobTrigger, Result
from dev.host.host import Host
from dev.host.listener import Listener


class Endpoints:
    """What the server answers."""

    def __init__(self, host: Host, listener: Listener) -> None:
        self._host = host
        self._listener = listener
        self.background: set[asyncio.Task[Result]] = set()

    async def blobs_webhook(self, request: Request) -> Response:
        """Take events for a blob function into its control queue, or prove to Event Grid that we want them."""
        try:
            events = json.loads(await request.body())
            if not isinstance(events, list):
                return _bad_request("the body is not a list of events")
            match request.headers.get("aeg-event-type"):
                case "SubscriptionValidation":
                    return JSONResponse({"validationResponse": events[0]["data"]["validationCode"]})
                case "Notification":
                    name = request.query_params.get("functionName", "")
                    for message in [BlobMessage.from_event(name, event) for event in events]:
                        await self._listener.enqueue(message)
                    return Response(status_code=HTTPStatus.ACCEPTED)
                case "Unsubscribe":
                    return Response(status_code=HTTPStatus.ACCEPTED)
                case other:
                    return _bad_request(f"aeg-event-type is {other!r}")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            return _bad_request(f"the body holds no events: {error!r}")

    async def invoke(self, request: Request) -> Response:
        """Run a timer function, or with `{"input": "CONTAINER/NAME"}` a blob function on a blob; do not wait for it."""
        name = request.path_params["name"]
        function = self._host.functions.get(name)
        if function is None:
            return PlainTextResponse(f"there is no function {name}", HTTPStatus.NOT_FOUND)
        if isinstance(function.trigger, BlobTrigger):
            container, _, blob = str(json.loads(await request.body() or b"{}").get("input", "")).partition("/")
            if not blob:
                return _bad_request('the body must be {"input": "CONTAINER/NAME"}')
            task = asyncio.create_task(self._host.run_on_blob(name, container, blob))
        else:
            task = asyncio.create_task(self._host.tick(name))
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def status(self, _request: Request) -> Response:
        """Return what waits, what runs and how it went since the start: see `dev.host.process.Status`."""
        pending, poisoned = await self._listener.pending(), await self._listener.poisoned()
        # Nothing is awaited from here on, so that what no longer runs is counted.
        results = [
            {"function": function, "result": result, "count": count}
            for (function, result), count in self._host.results.items()
        ]
        return JSONResponse(
            {
                "pending": pending,
                "running": self._host.running + len(self.background),
                "poisoned": poisoned,
                "results": results,
            }
        )


def create_app(
    host: Host,
    listener: Listener,
    key: str,
    *,
    with_schedules: bool,
    now: Callable[[], datetime],
) -> Starlette:
    """Yield the server's application; while it runs, so do the control queue and, if asked, the timers' schedules.

    Every call must carry the key, as `code` in its address or in the header `x-functions-key`.
    """
    endpoints = Endpoints(host, listener)

    def keyed(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
            if not hmac.compare_digest(given.encode(), key.encode()):
                return Response(status_code=HTTPStatus.UNAUTHORIZED)
            return await endpoint(request)

        return answer

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        work = [asyncio.create_task(listener.listen(stopping))]
        if with_schedules:
            work.append(asyncio.create_task(host.follow_schedules(now, stopping)))
        yield
        stopping.set()
        await asyncio.gather(*work, *endpoints.background)

    return Starlette(
        routes=[
            Route("/runtime/webhooks/blobs", keyed(endpoints.blobs_webhook), methods=["POST"]),
            Route("/admin/functions/{name}", keyed(endpoints.invoke), methods=["POST"]),
            Route("/admin/host/status", keyed(endpoints.status)),
        ],
        lifespan=lifespan,
    )


def _bad_request(why: str) -> Response:
    return PlainTextResponse(why, HTTPStatus.BAD_REQUEST)
