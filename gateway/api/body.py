"""Request bodies, read and decompressed up to their limits."""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Final

from starlette.requests import ClientDisconnect, Request

from gateway.api.errors import ApiError

_GZIP: Final = 31
"""zlib's value for a gzip header and a window of 32 KB."""
_STEP: Final = 4096
"""The unused rest of a step is copied at the end of each gzip member, so steps are short."""
_PART: Final = 64 * 1024


class Bodies:
    """All bodies that are being received or waiting to be stored. For use on one event loop only.

    Attributes:
        most: The most bytes that they may have together.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        """Begin without any.

        Args:
            most: The most bytes that they may have together.
            most_of_one: The most bytes for one customer's bodies, and for those of all strangers together.
        """
        self.most = most
        self._most_of_one = most_of_one
        self._taken: Counter[int | None] = Counter()

    @property
    def taken(self) -> int:
        """The number of bytes that they have together."""
        return self._taken.total()

    @contextmanager
    def receiving(self, customer: int | None) -> Iterator[Callable[[int], None]]:
        """Yield a function that counts the bytes of one body as they arrive, until the context ends.

        The function raises ApiError, 503, once there is no room for more.

        Args:
            customer: Whose it is; None for a stranger's.
        """
        mine = 0

        def grow(size: int) -> None:
            nonlocal mine
            if self.taken + size > self.most or self._taken[customer] + size > self._most_of_one:
                raise ApiError(
                    503, "busy", "The gateway is receiving too much at once. Send it again.", {"Retry-After": "5"}
                )
            self._taken[customer] += size
            mine += size

        try:
            yield grow
        finally:
            self._taken[customer] -= mine
            if not self._taken[customer]:
                del self._taken[customer]


@asynccontextmanager
async def received(request: Request, limit: int, seconds: float) -> AsyncIterator[bytes]:
    """Read a request's body, whatever its Content-Length says. Until the context ends, it takes room from other bodies.

    Args:
        request: The request.
        limit: The most bytes to take.
        seconds: The time to receive them in.

    Raises:
        ApiError: 413 for a longer body, 408 for a slower or truncated one, 503 if all bodies together are too long.
    """
    with _room(request) as grow:
        body = await _read(request, limit, seconds, grow)
        if len(body) > limit:
            raise too_large(f"The compressed body is larger than {limit} bytes.")
        yield body


async def read_beginning(request: Request, limit: int, seconds: float) -> bytes:
    """Read a request's body as `read_body` does, but of a longer one only its beginning, which exceeds the limit too.

    Raises:
        ApiError: As from `received`, except 413.
    """
    with _room(request) as grow:
        return await _read(request, limit, seconds, grow)


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """Read a request's body as `received` does, for callers that need no room for it afterwards."""
    async with received(request, limit, seconds) as body:
        return body


def _room(request: Request) -> AbstractContextManager[Callable[[int], None]]:
    bodies: Bodies = request.app.state.bodies
    return bodies.receiving(getattr(request.state, "customer", None))


async def _read(request: Request, limit: int, seconds: float, grow: Callable[[int], None]) -> bytes:
    chunks = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                grow(len(chunk))
                chunks += chunk
                if len(chunks) > limit:
                    break
    except ClientDisconnect:
        raise ApiError(408, "cut_short", "The connection ended before the body did. Send it again.") from None
    except TimeoutError:
        raise ApiError(408, "timeout", f"The body did not arrive within {seconds} s. Send it again.") from None
    return bytes(chunks)


def inflate(compressed: bytes, limit: int) -> Iterator[bytes]:
    """Decompress a gzip body in parts of at most 64 KB, and stop as soon as it exceeds the limit.

    Raises:
        ApiError: 413 for a larger body, 408 for a truncated one, 400 for one that is not gzip or has data after its
            end.
    """
    decompressor = zlib.decompressobj(_GZIP)
    size = 0
    for start in range(0, len(compressed), _STEP):
        step = compressed[start : start + _STEP]
        while step:
            if decompressor.eof:
                decompressor = zlib.decompressobj(_GZIP)
            try:
                part = decompressor.decompress(step, _PART)
            except zlib.error:
                raise ApiError(400, "bad_gzip", "The body is not gzip. Compress it as Content-Encoding says.") from None
            size += len(part)
            if size > limit:
                raise too_large(f"The body is larger than {limit} bytes when decompressed.")
            yield part
            step = decompressor.unconsumed_tail or decompressor.unused_data
    if not decompressor.eof:
        raise ApiError(408, "cut_short", "The gzip body is truncated. Send it again.")


def too_large(what: str) -> ApiError:
    """Return the error for a body that exceeds a limit, which the sentence names."""
    return ApiError(413, "too_large", f"{what} Send the records in smaller batches.")
