"""The application behind the socket: one call per operation, with progress while it runs."""

import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPMethod, HTTPStatus
from typing import Any
from weakref import WeakSet

import orjson
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.clock import Clock
from gateway.operator.operations import OPERATIONS
from gateway.operator.work import GoneError, Operation, RefusedError, Work
from gateway.stores.errors import STORAGE_ERRORS, StoreError
from gateway.stores.stores import Stores


def create_operator(stores: Stores, clock: Clock) -> Starlette:
    """Build the application that carries out operations.

    `POST /NAME` with arguments in JSON is answered by lines of JSON: `{"progress": TEXT}`, and finally `{"done":
    RESULT}` or `{"refused": SENTENCE}`. When the application stops, so do operations in progress.
    """
    runs: WeakSet[_Run] = WeakSet()

    async def carry_out(request: Request) -> Response:
        operation = OPERATIONS.get(request.path_params["name"])
        if operation is None:
            return PlainTextResponse("unknown", HTTPStatus.NOT_FOUND)
        arguments = orjson.loads(await request.body())
        run = _Run(operation, stores, clock, arguments)
        runs.add(run)
        # The background task also runs next if nobody reads any more.
        return StreamingResponse(run.lines(), media_type="application/x-ndjson", background=BackgroundTask(run.end))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        # The stores are closed next, so nothing may be using them.
        for run in list(runs):
            await run_in_threadpool(run.end)

    return Starlette(routes=[Route("/{name}", carry_out, methods=[HTTPMethod.POST])], lifespan=lifespan)


class _Run:
    """An operation in progress, in its own thread."""

    def __init__(self, operation: Operation, stores: Stores, clock: Clock, arguments: dict[str, Any]) -> None:
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._gone = threading.Event()
        work = Work(stores, clock, self._say, arguments)
        self._thread = threading.Thread(target=self._carry_out, args=[operation, work], name="operation")
        self._thread.start()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the answer as they arrive."""
        line: dict[str, Any] = {"progress": ""}
        while "progress" in line:
            line = self._lines.get()
            yield orjson.dumps(line) + b"\n"

    def end(self) -> None:
        """Stop the operation between two of its steps, and wait until it has stopped."""
        self._gone.set()
        self._thread.join()

    def _say(self, text: str) -> None:
        if self._gone.is_set():
            raise GoneError
        self._lines.put({"progress": text})

    def _carry_out(self, operation: Operation, work: Work) -> None:
        last: dict[str, Any] = {"refused": "It failed; the gateway's stderr has the reason."}
        try:
            last = {"done": operation(work)}
        except RefusedError as error:
            last = {"refused": str(error)}
        except GoneError:
            last = {"refused": "The gateway is stopping and did not finish. Start it, and try again."}
        except (OSError, StoreError, *STORAGE_ERRORS) as error:
            last = {"refused": f"It failed, and can be tried again: {error}"}
        finally:
            self._lines.put(last)
