"""Bodies of requests, read and inflated no further than their limits."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from gateway.errors import ApiError

_GZIP = 31
"""zlib's word for a gzip header and a window of 32 KB."""


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """Read a request's body, whatever its Content-Length says.

    Args:
        request: The request.
        limit: The most bytes to take.
        seconds: The time to take them in.

    Raises:
        ApiError: 413 for a longer body, 408 for a slower one, 400 for one that is cut short.

    """
    chunks = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > limit:
                    raise too_large(f"The body is larger than {limit} bytes as sent.")
    except ClientDisconnect:
        raise ApiError(400, "cut_short", "The connection ended before the body did. Send it again.") from None
    except TimeoutError:
        raise ApiError(408, "timeout", f"The body did not arrive within {seconds} s. Send it again.") from None
    return bytes(chunks)


def inflate(compressed: bytes, limit: int) -> bytes:
    """Inflate a gzip body, and stop as soon as it grows beyond the limit.

    Raises:
        ApiError: 413 for a body that is larger, 400 for one that is no gzip, is cut short or goes on after its end.

    """
    parts: list[bytes] = []
    size = 0
    while compressed or not parts:
        decompressor = zlib.decompressobj(_GZIP)
        try:
            part = decompressor.decompress(compressed, limit + 1 - size)
        except zlib.error:
            raise ApiError(400, "bad_gzip", "The body is no gzip. Compress it as Content-Encoding says.") from None
        parts.append(part)
        size += len(part)
        if size > limit:
            raise too_large(f"The body is larger than {limit} bytes when inflated.")
        if not decompressor.eof:
            raise ApiError(400, "bad_gzip", "The gzip body is cut short. Send it again.")
        compressed = decompressor.unused_data
    return b"".join(parts)


def too_large(what: str) -> ApiError:
    """Refuse a body that breaks a limit, which the sentence names."""
    return ApiError(413, "too_large", f"{what} Send the records in smaller batches.")
