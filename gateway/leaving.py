"""Work for a client that may disconnect before it is done."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
from starlette.requests import Request


class LeftError(Exception):
    """The client has closed the connection: nobody is waiting for the answer."""


async def while_awaited[Result](
    request: Request, work: Callable[[], Awaitable[Result]], leaving: Callable[[], object] = lambda: None
) -> Result:
    """Do something for a request whose body has been read, as long as its client waits for the answer.

    Args:
        request: The request.
        work: The work, which is cancelled if the client disconnects.
        leaving: Called before that, to stop threads.

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
