"""`POST /qas/flow-logs`: a batch of flow records is taken once, however often it is sent."""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import unquote

import anyio
import duckdb
import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.api.auth import Auth
from gateway.api.body import inflate, read_body
from gateway.api.errors import ApiError
from gateway.api.ndjson import read_lines
from gateway.clock import Clock
from gateway.limits import REPEATED_BODY_BYTES, REPEATED_UNPACKED_BYTES, Limits
from gateway.stores.records import Log, Post, Records

_logger = logging.getLogger(__name__)

_KEY: Final = re.compile(r"[!-~]{1,200}")
_LOG: Final = re.compile(r"([a-z0-9]{3,24})/([^/]+/.+)", re.DOTALL)
_LOG_CHARACTERS: Final = 2048
"""A container's name and a blob's have 63 and 1,024 characters at most ("Naming and referencing containers, blobs")."""
_KEPT_REFUSALS: Final = {400, 409, 413, 415}
"""Those that speak of what was sent, not of the moment."""
_DECODING_THREADS: Final = 2
"""Inflating, hashing and storing leave Python's lock to the other thread."""


class FlowLogs:
    """Takes posts of flow records."""

    def __init__(self, auth: Auth, records: Records, limits: Limits, clock: Clock) -> None:
        self._auth = auth
        self._records = records
        self._limits = limits
        self._clock = clock
        self._in_progress: set[tuple[int, str]] = set()
        self._threads = anyio.CapacityLimiter(_DECODING_THREADS)

    async def post(self, request: Request) -> Response:
        """Answer `POST /qas/flow-logs`."""
        token = await self._auth.subscription_token(request)
        log = _log(request)
        try:
            return await self._answer(request, token.customer, log)
        except ApiError as error:
            if log is not None and error.status in _KEPT_REFUSALS:
                await anyio.to_thread.run_sync(self._refuse, token.customer, log, error)
            raise

    async def _answer(self, request: Request, customer: int, log: Log | None) -> Response:
        _check_media_type(request)
        key = _idempotency_key(request)
        with self._claim(customer, key):
            # Before any limit: what was stored is answered again, even if it would be too large by now.
            earlier = await anyio.to_thread.run_sync(self._find, customer, key)
            if earlier is None:
                post = await self._receive(request, customer, key, log)
            else:
                post = await self._receive_again(request, earlier)
        answer = orjson.loads(post.answer)
        request.state.records = answer["accepted"]
        request.state.duplicate = earlier is not None
        return Response(orjson.dumps(answer | {"duplicate": earlier is not None}), 202, media_type="application/json")

    @contextmanager
    def _claim(self, customer: int, key: str) -> Iterator[None]:
        """Keep every other request with this key out."""
        claim = (customer, key)
        if claim in self._in_progress:
            raise ApiError(
                425,
                "in_progress",
                "A request with this Idempotency-Key is in progress. Send it again when that one has been answered.",
                _retry_after(1),
            )
        if len(self._in_progress) >= self._limits.posts_at_once:
            raise ApiError(503, "busy", "The gateway is busy with other posts. Send it again later.", _retry_after(1))
        self._in_progress.add(claim)
        try:
            yield
        finally:
            self._in_progress.remove(claim)

    def _refuse(self, customer: int, log: Log, error: ApiError) -> None:
        with suppress(duckdb.Error):  # what the sender is told matters more
            self._records.refuse(customer, log.account, self._clock(), error.status, error.message)

    def _find(self, customer: int, key: str) -> Post | None:
        with _storage():
            return self._records.find(customer, key)

    async def _receive(self, request: Request, customer: int, key: str, log: Log | None) -> Post:
        body = await read_body(request, self._limits.body_bytes, self._limits.body_seconds)
        return await anyio.to_thread.run_sync(self._store, customer, key, log, body, limiter=self._threads)

    def _store(self, customer: int, key: str, log: Log | None, compressed: bytes) -> Post:
        body = b"".join(inflate(compressed, self._limits.unpacked_bytes))
        batch = read_lines(body, self._limits.records)
        answer = {"accepted": batch.accepted, "duplicate": False, "rejected": batch.rejected}
        digest = hashlib.sha256(body).digest()
        post = Post(customer, key, digest, orjson.dumps(answer), self._clock(), log, len(batch.rejected))
        with _storage():
            self._records.store(post, batch.columns)
        return post

    async def _receive_again(self, request: Request, earlier: Post) -> Post:
        limit = max(self._limits.body_bytes, REPEATED_BODY_BYTES)
        body = await read_body(request, limit, self._limits.body_seconds)
        await anyio.to_thread.run_sync(self._compare, earlier, body, limiter=self._threads)
        return earlier

    def _compare(self, earlier: Post, compressed: bytes) -> None:
        """See that a body is the one that was stored; its text is not kept."""
        digest = hashlib.sha256()
        for part in inflate(compressed, max(self._limits.unpacked_bytes, REPEATED_UNPACKED_BYTES)):
            digest.update(part)
        if digest.digest() != earlier.body_hash:
            raise ApiError(
                409,
                "key_reused",
                "This Idempotency-Key came with another body before. Send every body under its own key.",
            )


@contextmanager
def _storage() -> Iterator[None]:
    """Turn a fault of the storage into an answer."""
    try:
        yield
    except duckdb.Error:
        _logger.exception("A post could not be stored. Look for a full disk first, then restart the gateway.")
        raise ApiError(
            503,
            "storage",
            "The gateway's storage failed. Send it again later.",
            _retry_after(30),
        ) from None


def _check_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if media_type != "application/x-ndjson" or encoding != "gzip":
        raise ApiError(
            415, "unsupported_media_type", "Send Content-Type: application/x-ndjson and Content-Encoding: gzip."
        )


def _idempotency_key(request: Request) -> str:
    keys = request.headers.getlist("idempotency-key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise ApiError(
            400, "bad_idempotency_key", "Send one Idempotency-Key of 1 to 200 visible ASCII characters, no spaces."
        )
    return keys[0]


def _log(request: Request) -> Log | None:
    """Read which log blob a post says it comes from; it is for people to see, so anything else is passed over."""
    match = _LOG.fullmatch(unquote(request.headers.get("flow-log", ""))[:_LOG_CHARACTERS])
    return match and Log(match[1], match[2])


def _retry_after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
