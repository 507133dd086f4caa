"""What answers on the socket: one call an operation, with progress as it goes."""

import logging
import queue
import threading
from collections.abc import Iterator
from http import HTTPMethod, HTTPStatus
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.clock import Clock
from gateway.operator.operations import OPERATIONS
from gateway.operator.work import GoneError, Operation, RefusedError, Work
from gateway.stores.database import StoreError
from gateway.stores.stores import STORAGE_ERRORS, Stores

_logger = logging.getLogger(__name__)


def create_operator(stores: Stores, clock: Clock) -> Starlette:
    """Put together what carries operations out.

    `POST /NAME` with wishes in JSON is answered by lines of JSON: `{"progress": TEXT}`, and at last `{"done": RESULT}`
    or `{"refused": SENTENCE}`.
    """

    async def carry_out(request: Request) -> Response:
        operation = OPERATIONS.get(request.path_params["name"])
        if operation is None:
            return PlainTextResponse("unknown", HTTPStatus.NOT_FOUND)
        wishes = orjson.loads(await request.body())
        return StreamingResponse(_lines(stores, clock, operation, wishes), media_type="application/x-ndjson")

    return Starlette(routes=[Route("/{name}", carry_out, methods=[HTTPMethod.POST])])


def _lines(stores: Stores, clock: Clock, operation: Operation, wishes: dict[str, Any]) -> Iterator[bytes]:
    lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    gone = threading.Event()

    def say(text: str) -> None:
        if gone.is_set():
            raise GoneError
        lines.put({"progress": text})

    def work() -> None:
        try:
            lines.put({"done": operation(Work(stores, clock, say, wishes))})
        except RefusedError as error:
            lines.put({"refused": str(error)})
        except GoneError:
            pass
        except (OSError, StoreError, *STORAGE_ERRORS) as error:
            lines.put({"refused": f"It failed, and may be tried again: {error}"})
        except Exception:
            _logger.exception("An operation failed.")
            lines.put({"refused": "It failed for a reason of the gateway's own, which its log tells."})

    threading.Thread(target=work, name="operation").start()
    try:
        while True:
            line = lines.get()
            yield orjson.dumps(line) + b"\n"
            if "progress" not in line:
                return
    finally:
        gone.set()
