"""Reading the connection table while the edge wants it, and putting each interval's records into the spool."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from agent.clock import Clock, iso
from agent.delivery.settings import Settings
from agent.delivery.spool import Spool, make_batch
from agent.errors import TableUnreadable
from agent.flows.connections import Tracker, connections_of
from agent.flows.grouping import Gathering
from agent.flows.leaving_out import LeftOut, left_out_of
from agent.flows.record import to_lines
from agent.flows.table import Endpoint, PortRange, Snapshot

_logger = logging.getLogger("agent.collecting")
READ_EVERY_SECONDS: Final = 30
"""The longest time between readings: Linux remembers for 60 seconds what this machine closed."""
NOTHING_WANTED: Final = "this agent is not accepted in the console yet, or no blueprint is applied to its machine."
RECORDS_MAX: Final = 5000
"""The most records in a post; an interval with more is split."""


class Found(NamedTuple):
    """What the readings of an interval found.

    Attributes:
        flows: The flows.
        left_out: What is not recorded.
        damaged: How many lines of the table could not be parsed.
    """

    flows: Gathering
    left_out: LeftOut
    damaged: int


class Watch:
    """Reads the table, and collects the findings until they are taken."""

    def __init__(
        self,
        read: Callable[[int], Snapshot],
        ephemeral: PortRange,
        edge: Callable[[], frozenset[Endpoint]],
        addresses: Callable[[], frozenset[str]],
    ) -> None:
        """Prepare.

        Args:
            read: Reads the table, given the time.
            ephemeral: The ports that this system assigns to the initiator of a connection.
            edge: Returns where the edge was reached.
            addresses: Returns the machine's addresses, which change.
        """
        self._read = read
        self._edge = edge
        self._addresses = addresses
        self._tracker = Tracker(ephemeral)
        self._last_ms: int | None = None
        self._gathering = Gathering()
        self._left_out = LeftOut()
        self._damaged = 0
        self._readings = 0

    def read(self, now_ms: int) -> None:
        """Read the table once. The very first reading only shows what was there before.

        Raises:
            TableUnreadable: The table can't be read.
        """
        snapshot = self._read(now_ms)
        left_out = left_out_of(connections_of(snapshot), self._edge(), self._addresses())
        changes = self._tracker.observe(snapshot, left_out.keys)
        if self._last_ms is not None:
            self._gathering.add(self._last_ms, changes)
            self._readings += 1
        self._left_out = self._left_out.and_also(left_out)
        self._damaged += snapshot.damaged
        self._last_ms = now_ms

    def take(self) -> Found | None:
        """Return what was found since the last call; None if nothing was read."""
        if not self._readings:
            return None
        found = Found(self._gathering, self._left_out, self._damaged)
        self._gathering, self._left_out, self._damaged, self._readings = Gathering(), LeftOut(), 0, 0
        return found


class Collector:
    """Follows the settings: does nothing, or reads the table and puts each interval into the spool."""

    def __init__(self, watch: Callable[[], Watch], spool: Spool, clock: Clock, host: str) -> None:
        """Prepare; nothing is collected until the settings say so.

        Args:
            watch: Returns a new watch.
            spool: Where the intervals go.
            clock: The time.
            host: The machine's name.
        """
        self._new_watch = watch
        self._spool = spool
        self._clock = clock
        self._host = host
        self._watch: Watch | None = None
        self._settings: Settings | None = None
        self._interval = 0
        self._start_ms = 0
        self._start = 0.0
        self._next_look = 0.0
        self._trouble: str | None = None

    def apply(self, settings: Settings) -> None:
        """Apply new settings; what has been found so far is kept."""
        before, self._settings = self._settings, settings
        if before is not None and before.interval_seconds == settings.interval_seconds:
            return
        self._close()
        if settings.interval_seconds is None:
            self._watch, self._interval = None, 0
            _logger.info("Nothing is being collected: %s", NOTHING_WANTED)
            return
        self._interval = settings.interval_seconds
        _logger.info("Connections are collected and sent every %d seconds.", self._interval)
        if self._watch is None:
            self._watch = self._new_watch()
            self._look(self._watch)
        self._begin()

    def step(self) -> float | None:
        """Do what is due.

        Returns: seconds until the next thing is due; None if that depends on the settings.
        """
        if self._watch is None:
            return None
        now = self._clock.passed()
        if now >= self._next_look:
            self._look(self._watch)
            if now >= self._start + self._interval:
                self._close()
                self._begin()
            else:
                self._next_look = _next_after(now, self._start, self._pace)
        return max(0.0, self._next_look - self._clock.passed())

    def finish(self) -> None:
        """Read the table once more, and keep what has been found so far."""
        if self._watch is not None:
            self._look(self._watch)
            self._close()

    @property
    def _pace(self) -> float:
        return self._interval / math.ceil(self._interval / READ_EVERY_SECONDS)

    def _begin(self) -> None:
        self._start_ms, self._start = self._clock.now_ms(), self._clock.passed()
        self._next_look = self._start + self._pace

    def _look(self, watch: Watch) -> None:
        try:
            watch.read(self._clock.now_ms())
        except TableUnreadable as error:
            if self._trouble is None:
                _logger.error("The connection table can't be read: %s", error)
            self._trouble = str(error)
        else:
            self._trouble = None

    def _close(self) -> None:
        found = self._watch.take() if self._watch else None
        if found is None:
            return
        _logger.info(
            "%d flows since %s; left out: %d connections within the machine, %d to the edge; %d damaged lines.",
            len(found.flows),
            iso(self._start_ms),
            len(found.left_out.loopback),
            len(found.left_out.own),
            found.damaged,
        )
        # An interval without flows is sent as well: silence is not the same as nothing to say.
        records, left = found.flows.records(self._host), len(found.flows)
        while True:
            count = min(left, RECORDS_MAX)
            self._spool.add(make_batch(self._start_ms, count, to_lines(islice(records, count))))
            left -= count
            if not left:
                return


def _next_after(now: float, start: float, pace: float) -> float:
    """Return when the next reading is due; missed ones are not made up for."""
    return start + (math.floor((now - start) / pace) + 1) * pace
