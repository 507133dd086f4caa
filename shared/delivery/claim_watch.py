"""Claims of others, as a process has seen them."""

import threading
from collections import OrderedDict
from typing import Final

from shared.clock import Clock
from shared.delivery.claim import CLAIM_SECONDS, MARGIN_SECONDS
from shared.storage.entry import Entry

_MOST_WATCHED: Final = 10_000


class ClaimWatch:
    """Notes since when claims have stood as they stand; safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since: OrderedDict[tuple[str, float], float] = OrderedDict()

    def has_stood_still(self, entry: Entry) -> bool:
        """Return whether a claim was seen for the first time, and not prolonged since, longer ago than claims last."""
        now = self._clock.monotonic()
        with self._lock:
            since = self._since.setdefault((entry.holder, entry.until), now)
            if len(self._since) > _MOST_WATCHED:
                self._since.popitem(last=False)
        return now - since >= CLAIM_SECONDS + MARGIN_SECONDS
