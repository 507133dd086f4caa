"""Posts of flow records: what is kept of each besides its records."""

from dataclasses import dataclass
from datetime import datetime


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
    """One accepted post, all but its records.

    Attributes:
        customer: The customer's number.
        key: The idempotency key.
        body_hash: SHA-256 of the uncompressed body.
        answer: The JSON that the post was first answered with.
        accepted_at: When.
        log: The log blob that its records come from, as far as it was told.
        rejected: How many of its lines were no flow records.

    """

    customer: int
    key: str
    body_hash: bytes
    answer: bytes
    accepted_at: datetime
    log: Log | None = None
    rejected: int = 0
