"""The requests that a run of terraform sends, counted, so that it can be ended at any of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Traffic:
    """All requests to Azure, Entra, the function apps and the gateway.

    Attributes:
        seen: What was asked for, in that turn.
        stops_at: The request that terraform does not live to see answered: a number from 1, or the first one of a kind.
        stop: Ends terraform.
    """

    seen: list[str] = field(default_factory=list)
    stops_at: int | str = 0
    stop: Callable[[], None] = lambda: None
    _stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passed(self, what: str) -> bool:
        """Note a request that was done, but not answered. Says whether terraform does not live to see the answer."""
        with self._lock:
            self.seen.append(what)
            if self.stops_at in (len(self.seen), what) and not self._stopped:
                self._stopped = True
                self.stop()
            return self._stopped

    def begin(self, stops_at: int | str = 0, stop: Callable[[], None] = lambda: None) -> None:
        """Count anew."""
        with self._lock:
            self.seen.clear()
            self.stops_at, self.stop, self._stopped = stops_at, stop, False
