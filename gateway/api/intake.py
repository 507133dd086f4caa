"""Intake of flow records, once however often they are sent, for all senders: function apps and agents."""

import hashlib
import logging
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import anyio
import orjson
from starlette.requests import Request

from gateway.api.auth import token_refused
from gateway.api.body import inflate, received
from gateway.api.errors import ApiError, StorageFailedError
from gateway.api.ndjson import Batch
from gateway.api.pace import Pace
from gateway.clock import Clock
from gateway.limits import REPEATED_BODY_BYTES, REPEATED_UNPACKED_BYTES, Limits
from gateway.slots import Slots
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.stores import Stores
from gateway.traffic.budget import BudgetSpentError
from gateway.traffic.posts import Log, Post, RemovedError
from gateway.traffic.store import KeyTakenError

_logger = logging.getLogger(__name__)

_KEY: Final = re.compile(r"[!-~]{1,200}")
_BUDGET_SECONDS: Final = 300
"""How long the sender waits before it repeats a post, once its customer's budget is spent."""
_THREADS_OF_A_CUSTOMER: Final = 2
"""Decompressing, hashing and storing release Python's lock for the other thread."""
_THREADS: Final = _THREADS_OF_A_CUSTOMER + 1
"""However many posts of one customer wait, another customer's finds a thread."""

type Reader = Callable[[bytes, int], Batch]
"""Reads the lines of an uncompressed body, up to the limit."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a post comes from.

    Attributes:
        customer: The number of the customer whose records they will be.
        key: Its idempotency key.
        log: The log blob that it says it comes from, if any.
        by_agent: Whether an agent sends it.
    """

    customer: int
    key: str
    log: Log | None = None
    by_agent: bool = False


class Intake:
    """Accepts posts of flow records."""

    def __init__(self, stores: Stores, limits: Limits, clock: Clock) -> None:
        self._records = stores.records
        self._budgets = stores.budgets
        self._health = stores.health
        self._limits = limits
        self._clock = clock
        self._in_progress: set[tuple[int, str]] = set()
        self._taken: Counter[int] = Counter()
        self._pace = Pace()
        self._threads = Slots(_THREADS, _THREADS_OF_A_CUSTOMER)

    async def take(self, request: Request, origin: Origin, read: Reader) -> dict[str, Any]:
        """Read and store a post, and return its answer: the same one however often it is sent.

        Args:
            request: The post.
            origin: Where it comes from.
            read: Reads its lines.

        Raises:
            ApiError: It is refused or deferred.
        """
        _check_media_type(request)
        with self._claim(origin):
            # Before any limit: what was stored is answered again, even if it would be too large now.
            earlier = await anyio.to_thread.run_sync(self._find, origin)
            if earlier is None:
                post = await self._receive(request, origin, read)
            else:
                post = await self._receive_again(request, earlier)
        answer: dict[str, Any] = orjson.loads(post.answer) | {"duplicate": earlier is not None}
        request.state.records = answer["accepted"]
        request.state.rejected = len(answer["rejected"])
        request.state.duplicate = answer["duplicate"]
        return answer

    @contextmanager
    def _claim(self, origin: Origin) -> Iterator[None]:
        """Keep out every other request with this key."""
        claim = (origin.customer, origin.key)
        if claim in self._in_progress:
            raise _in_progress()
        if (
            len(self._in_progress) >= self._limits.posts_at_once
            or self._taken[origin.customer] >= self._limits.posts_of_a_customer
        ):
            raise _busy("The gateway is busy with other posts.", 1)
        self._in_progress.add(claim)
        self._taken[origin.customer] += 1
        try:
            yield
        finally:
            self._in_progress.remove(claim)
            self._taken[origin.customer] -= 1
            if not self._taken[origin.customer]:
                del self._taken[origin.customer]

    def _find(self, origin: Origin) -> Post | None:
        with _storage():
            return self._records.find(origin.customer, origin.key)

    async def _receive(self, request: Request, origin: Origin, read: Reader) -> Post:
        self._require_turn(origin.customer)
        async with received(request, self._limits.body_bytes, self._limits.body_seconds) as body:
            return await self._threads.run(origin.customer, self._store, origin, read, body)

    def _require_turn(self, customer: int) -> None:
        wait = self._pace.wait(customer, self._clock())
        if wait is not None:
            raise _busy("Other customers' posts come first.", math.ceil(wait.total_seconds()))

    def _store(self, origin: Origin, read: Reader, compressed: bytes) -> Post:
        # Again, for posts that arrived before others of the same customer were stored.
        self._require_turn(origin.customer)
        body = b"".join(inflate(compressed, self._limits.unpacked_bytes))
        try:
            return self._read_and_store(origin, read, body)
        except StorageFailedError:
            raise
        except ApiError:
            # Its lines were still read, although none of them is stored.
            lines = min(body.count(b"\n") + 1, self._limits.records)
            self._pace.count(origin.customer, 0, lines, self._clock())
            raise

    def _read_and_store(self, origin: Origin, read: Reader, body: bytes) -> Post:
        batch = read(body, self._limits.records)
        answer = {"accepted": batch.accepted, "duplicate": False, "rejected": batch.rejected}
        digest = hashlib.sha256(body).digest()
        post = Post(
            origin.customer,
            origin.key,
            digest,
            orjson.dumps(answer),
            self._clock(),
            origin.log,
            len(batch.rejected),
            origin.by_agent,
        )
        with _storage():
            used = self._records.store(post, batch.columns, self._budgets.of(origin.customer))
        self._health.stored()
        new = used.texts + used.facts + len(batch.rejected)
        self._pace.count(origin.customer, batch.accepted, new, self._clock())
        return post

    async def _receive_again(self, request: Request, earlier: Post) -> Post:
        limit = max(self._limits.body_bytes, REPEATED_BODY_BYTES)
        async with received(request, limit, self._limits.body_seconds) as body:
            await self._threads.run(earlier.customer, self._compare, earlier, body)
        return earlier

    def _compare(self, earlier: Post, compressed: bytes) -> None:
        """Make sure that a body is the one that was stored; only its hash is kept."""
        digest = hashlib.sha256()
        for part in inflate(compressed, max(self._limits.unpacked_bytes, REPEATED_UNPACKED_BYTES)):
            digest.update(part)
        if digest.digest() != earlier.body_hash:
            raise ApiError(
                409,
                "key_reused",
                "This Idempotency-Key was used before with a different body. Send each body with its own key.",
            )


@contextmanager
def _storage() -> Iterator[None]:
    """Turn a failure of the storage into an answer, and treat a removed customer as one whose tokens are revoked."""
    try:
        yield
    except RemovedError:
        raise token_refused() from None
    except BudgetSpentError as error:
        raise _budget_spent(error) from None
    except KeyTakenError:
        # The key arrived at the other listener in the meantime, which is not a failure of the storage.
        raise _in_progress() from None
    except STORAGE_ERRORS:
        _logger.exception("A post could not be stored. Check for a full disk first, then restart the gateway.")
        raise StorageFailedError from None


def _budget_spent(error: BudgetSpentError) -> ApiError:
    """Return the error for a post that would exceed its customer's budget: it waits until the budget is raised or
    records are deleted.
    """
    return ApiError(
        429,
        "budget_spent",
        f"The customer's budget of {error.most:,} {error.what} is spent: nothing of this post was stored. Keep it and "
        f"send it again later. The gateway's operator can raise the budget with `python -m gateway customer budget`.",
        _retry_after(_BUDGET_SECONDS),
    )


def _check_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if media_type != "application/x-ndjson" or encoding != "gzip":
        raise ApiError(
            415, "unsupported_media_type", "Send Content-Type: application/x-ndjson and Content-Encoding: gzip."
        )


def idempotency_key(request: Request) -> str:
    """Return the key that identifies a post's body.

    Raises:
        ApiError: 400 if there is none or more than one, or it is malformed.
    """
    keys = request.headers.getlist("idempotency-key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise ApiError(
            400, "bad_idempotency_key", "Send one Idempotency-Key of 1 to 200 visible ASCII characters, without spaces."
        )
    return keys[0]


def _in_progress() -> ApiError:
    return ApiError(
        425,
        "in_progress",
        "A request with this Idempotency-Key is in progress. Send it again once that one has been answered.",
        _retry_after(1),
    )


def _busy(why: str, seconds: int) -> ApiError:
    return ApiError(503, "busy", f"{why} Send it again later.", _retry_after(seconds))


def _retry_after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
