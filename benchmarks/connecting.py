"""Connections of those who speak HTTP by hand, since no client would do what they do."""

import asyncio
import random
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.attacking import Count, Target

REFUSED: Final = 400
"""The least status of a refusal."""


async def held(target: Target, count: Count, begin: bytes, seconds: float, then: bytes = b"") -> None:
    """Say something, and then wait until the gateway ends the connection, or for so long."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
            reader, writer = await connected(target)
            count.add(len(begin))
            try:
                writer.write(begin)
                talking = asyncio.create_task(_go_on(writer, then)) if then else None
                try:
                    if is_refusal(await reader.read(64)):
                        count.refuse()
                    elif not then:
                        await reader.read()
                finally:
                    if talking is not None:
                        talking.cancel()
            finally:
                writer.close()


async def _go_on(writer: asyncio.StreamWriter, then: bytes) -> None:
    while True:
        await asyncio.sleep(1)
        writer.write(then)


def is_refusal(answer: bytes) -> bool:
    """Return whether an answer starts like a refusal."""
    status = answer[9:12]
    return status.isdigit() and int(status) >= REFUSED


async def connected(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect from one of eleven addresses of loopback, none of which is another customer's."""
    own = socket.socket()
    own.setblocking(False)
    own.bind((f"127.0.0.{random.randrange(10, 21)}", 0))
    try:
        await asyncio.get_running_loop().sock_connect(own, _address(target.url))
        return await asyncio.open_connection(sock=own)
    except BaseException:
        own.close()
        raise


async def many(one: Callable[[], Coroutine[Any, Any, None]], count: int) -> None:
    """Do one thing many times at once."""
    await asyncio.gather(*(one() for _ in range(count)))


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
