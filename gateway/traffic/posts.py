"""Posts of flow records: what is stored of each besides its records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

KEY_LIFE: Final = timedelta(days=35)
"""An idempotency key lives at least this long, and as long as its records."""


class RemovedError(Exception):
    """The removal of a post's customer has begun."""


@dataclass(frozen=True, slots=True)
class Log:
    """Where flow records come from.

    Attributes:
        account: The storage account.
        name: The log blob in it, with its container.
    """

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """One accepted post, without its records.

    Attributes:
        customer: The customer's number.
        key: The idempotency key.
        body_hash: SHA-256 of the uncompressed body.
        answer: The JSON that the post was first answered with.
        accepted_at: When.
        log: The log blob that its records come from, if known.
        rejected: How many of its lines were not flow records.
        by_agent: Whether an agent sent it.
    """

    customer: int
    key: str
    body_hash: bytes
    answer: bytes
    accepted_at: datetime
    log: Log | None = None
    rejected: int = 0
    by_agent: bool = False


def newest(times: Sequence[int], latest: int) -> int | None:
    """Return the newest plausible time of a post's records."""
    last = max(times, default=None)
    if last is None or last <= latest:
        return last
    return max((each for each in times if each <= latest), default=None)
