"""How far back logs are delivered automatically."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import StorageAway
from shared.flowlog import LogKind
from shared.storage.watermarks import Watermark, Watermarks

KEPT = timedelta(days=35)
"""How long checkpoints, and the gateway's idempotency keys, are kept; nothing older is delivered automatically."""
GRACE = timedelta(hours=2)
"""How long after its end an hour is still swept, whatever was found in it."""


class Horizon:
    """The oldest hour of each kind of log that events and sweeps read.

    It is the hour of installation, which the first run writes down, or the setting START_FROM; and never more than 35
    days ago, since beyond that nothing remembers what was delivered. A START_FROM in the future is a mistake, and is
    ignored: if it were cut to the current hour, an hour without any begun log would be lost each time a new hour
    starts.
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
                self._starts[kind] = self._as_set(self._written(kind)[0]).start
            start = self._starts[kind]
        # A clock that was ahead when it was first asked has been corrected by then.
        return self._oldest(min(start, whole_hour(self._clock.now())))

    def watermark(self, kind: LogKind) -> tuple[Watermark, str]:
        """Return the watermark and its ETag; write it at the first run, and if START_FROM or the clock has changed.

        Raises:
            HeldElsewhere: Another sweep is at work.
        """
        written, etag = self._written(kind)
        watermark = self._as_set(written)
        return watermark, etag if watermark == written else self._watermarks.save(kind, watermark, etag)

    def first_hour(self, kind: LogKind) -> datetime:
        """Return the hour from which a sweep would look now; write nothing."""
        found = self._watermarks.load(kind)
        watermark = self._first() if found is None else self._as_set(found[0])
        return max(watermark.hour, self._oldest(watermark.start))

    def appeared(self, watermark: Watermark) -> Watermark:
        """Return the watermark of a log container that exists, perhaps for the first time.

        While it did not exist, the watermark advanced with the clock. Since only storage says that it did not,
        everything that may be read is looked through once.
        """
        if watermark.existed:
            return watermark
        return replace(watermark, existed=True, hour=min(watermark.hour, self._oldest(watermark.start)))

    def move(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        """Overwrite the watermark last seen; return its new ETag.

        Raises:
            HeldElsewhere: Another sweep is at work.
        """
        return self._watermarks.save(kind, self._as_set(watermark), etag)

    def _written(self, kind: LogKind) -> tuple[Watermark, str]:
        found = self._watermarks.load(kind)
        if found is None:
            self._watermarks.create(kind, self._first())
            found = self._watermarks.load(kind)
        if found is None:
            raise StorageAway(
                "The function's own storage account does not return the watermark that was just written to it."
            )
        return found

    def _first(self) -> Watermark:
        now = self._clock.now()
        hour = whole_hour(now)
        # As if it had been tidied a day ago, so that the first sweep looks for names that nothing reads.
        return self._as_set(Watermark(start=hour, since=hour, hour=hour, tidied=now - timedelta(days=1)))

    def _oldest(self, start: datetime) -> datetime:
        now = self._clock.now()
        if self._start_from is not None and self._start_from <= now:
            start = self._start_from
        return max(start, whole_hour(now - KEPT))

    def _as_set(self, watermark: Watermark) -> Watermark:
        # The watermark as START_FROM and the time require it now. What a clock that was ahead wrote is undone.
        now = self._clock.now()
        start = min(watermark.start, whole_hour(now))
        oldest = self._oldest(start)
        since, hour = watermark.since, max(watermark.hour, whole_hour(now - KEPT))
        if oldest < since:
            since, hour = oldest, min(hour, oldest)
        elif hour < oldest:
            since = oldest  # what was not begun stays unread from here on, until an earlier start asks for it
        hour = min(hour, max(since, whole_hour(now - GRACE)))
        return replace(watermark, start=start, since=since, hour=hour)


def whole_hour(time: datetime) -> datetime:
    """Return the beginning of the hour that a time is in."""
    return time.replace(minute=0, second=0, microsecond=0)
