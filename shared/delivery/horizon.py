"""How far back logs are read without being asked."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.flowlog import LogKind
from shared.storage.watermarks import Watermark, Watermarks

KEPT = timedelta(days=35)
"""How long checkpoints, and the gateway's idempotency keys, are kept; nothing older is read without being asked."""


class Horizon:
    """The oldest hour of each kind of log that events and sweeps read.

    It is the hour of installation, which the first run writes down, or the setting START_FROM; and never more than
    35 days ago, since beyond that nothing remembers what was delivered.
    """

    def __init__(self, watermarks: Watermarks, clock: Clock, start_from: datetime | None) -> None:
        self._watermarks = watermarks
        self._clock = clock
        self._start_from = start_from
        self._lock = threading.Lock()
        self._starts: dict[LogKind, datetime] = {}

    def oldest(self, kind: LogKind) -> datetime:
        """Return the oldest hour to read."""
        with self._lock:
            if kind not in self._starts:
                self._starts[kind] = self._start_from or self.watermark(kind)[0].start
            start = self._starts[kind]
        return max(start, whole_hour(self._clock.now() - KEPT))

    def watermark(self, kind: LogKind) -> tuple[Watermark, str]:
        """Return the watermark and its ETag; the first run writes it."""
        found = self._watermarks.load(kind)
        if found is None:
            self._watermarks.create(kind, self._first())
            return self.watermark(kind)
        watermark, etag = found
        return self._as_set(watermark), etag

    def first_hour(self, kind: LogKind) -> datetime:
        """Return the hour from which on a sweep would look now; writes nothing."""
        found = self._watermarks.load(kind)
        watermark = self._first() if found is None else self._as_set(found[0])
        return max(watermark.hour, watermark.start, whole_hour(self._clock.now() - KEPT))

    def _first(self) -> Watermark:
        now = self._clock.now()
        start = self._start_from or whole_hour(now)
        return Watermark(start=start, hour=start, tidied=now)

    def _as_set(self, watermark: Watermark) -> Watermark:
        if self._start_from is not None and self._start_from != watermark.start:
            # The setting was changed: an earlier start is read from there, a later one leaves nothing behind unread.
            hour = min(self._start_from, watermark.hour)
            return replace(watermark, start=self._start_from, hour=hour)
        return watermark

    def move(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        """Write the watermark over the one last seen; return its new ETag.

        Raises:
            HeldElsewhere: another sweep is at work.
        """
        return self._watermarks.save(kind, watermark, etag)


def whole_hour(time: datetime) -> datetime:
    """Return the beginning of the hour that a time is in."""
    return time.replace(minute=0, second=0, microsecond=0)
