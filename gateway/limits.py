"""How much one request may bring."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one sender from exhausting the gateway.

    Attributes:
        body_bytes: Size of a flow-log body as it arrives, compressed.
        unpacked_bytes: Size of a flow-log body once it is inflated.
        records: Lines of a flow-log body.
        form_bytes: Size of any other body.
        bodies_bytes: Size of all bodies together that are being received at a listener.
        bodies_of_one_bytes: Size of those of them that are one customer's, or that strangers send.
        body_seconds: Time that a sender has to bring its body.
        posts_at_once: Flow-log posts that are received or stored at the same time.
        posts_of_a_customer: Those of them that are one customer's.
        poll_seconds: Time that an agent's question waits for news.
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
"""Size as it arrives of a body whose key is known. Such a body is only compared, and a batch that was stored must be
answered again whatever the limits are by now: no release may take less than an earlier one took."""
REPEATED_UNPACKED_BYTES: Final = 128 * 1024 * 1024
"""Size of such a body once it is inflated."""
