"""The requests that a run of terraform sends, counted, so that it can be ended at any of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Traffic:
    """All requests to Azure, Entra, the function apps and the gateway.

    Attributes:
        seen: what was asked for, in that turn.
        stops_at: the number of the request, from 1, that terraform does not live to see answered; none if 0.
        stop: ends terraform.
    """

    seen: list[str] = field(default_factory=list)
    stops_at: int = 0
    stop: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passed(self, what: str) -> bool:
        """Note a request that was done, but not answered. Says whether terraform does not live to see the answer."""
        with self._lock:
            self.seen.append(what)
            if len(self.seen) == self.stops_at:
                self.stop()
            return 0 < self.stops_at <= len(self.seen)
