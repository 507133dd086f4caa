"""Work for somebody who may leave before it is done."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
from starlette.requests import Request


class LeftError(Exception):
    """Whoever sent the request has closed the connection: nobody waits for the answer any more."""


async def while_awaited[Result](
    request: Request, work: Callable[[], Awaitable[Result]], leaving: Callable[[], object] = lambda: None
) -> Result:
    """Do something for a request whose body has been read, for as long as its answer is waited for.

    Args:
        request: The request.
        work: What is to be done; it is cancelled.
        leaving: Called before that, to end what threads are doing.

    Raises:
        LeftError: It was cancelled.

    """

    async def watch(waiting: anyio.CancelScope) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        leaving()
        waiting.cancel()

    with anyio.CancelScope() as waiting:
        watcher = asyncio.create_task(watch(waiting))
        try:
            return await work()
        finally:
            watcher.cancel()
    raise LeftError
