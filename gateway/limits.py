"""Limits for one request."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits that keep one sender from exhausting the gateway.

    Attributes:
        body_bytes: Size of a flow-log body as it arrives, compressed.
        unpacked_bytes: Size of a decompressed flow-log body.
        records: Lines of a flow-log body.
        form_bytes: Size of any other body.
        bodies_bytes: Size of all bodies together that are being received at a listener.
        bodies_of_one_bytes: Size of those of one customer, or of all strangers.
        body_seconds: Time that a sender has to send its body.
        posts_at_once: Flow-log posts that are received or stored at the same time.
        posts_of_a_customer: Those of them that belong to one customer.
        poll_seconds: Time that an agent's poll waits for a change.
        query_seconds: Time that one query of a page may take.
    """

    body_bytes: int = 4 * 1024 * 1024
    unpacked_bytes: int = 32 * 1024 * 1024
    records: int = 20_000
    form_bytes: int = 64 * 1024
    bodies_bytes: int = 256 * 1024 * 1024
    bodies_of_one_bytes: int = 128 * 1024 * 1024
    body_seconds: float = 60
    posts_at_once: int = 256
    posts_of_a_customer: int = 128
    poll_seconds: float = 30
    query_seconds: float = 20


DEFAULT_LIMITS: Final = Limits()

REPEATED_BODY_BYTES: Final = 16 * 1024 * 1024
"""Compressed size of a body whose key is known. Such a body is only compared, and a stored batch must be answered again
whatever the current limits are: no release may accept less than an earlier one did.
"""
REPEATED_UNPACKED_BYTES: Final = 128 * 1024 * 1024
"""Decompressed size of such a body."""
