"""Sending the intervals in the spool, oldest first, and acting on each answer."""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Mapping
from typing import Final

from agent.clock import Clock, iso
from agent.delivery.backoff import Backoff
from agent.delivery.edge import Edge, Taken
from agent.delivery.spool import BETWEEN_REASONS, Batch, Spool, make_batch
from agent.errors import AgentError, BatchRefused, EdgeAway

_logger = logging.getLogger("agent.delivery")
_REFUSED_SECONDS: Final = 60.0
"""Seconds until a refused token or address is tried again."""
_REASONS_SHOWN: Final = 5
_REASON_MAX: Final = 200


class Delivery:
    """Sends the spool's intervals to the edge."""

    def __init__(self, spool: Spool, edge: Edge, backoff: Backoff, clock: Clock) -> None:
        self._spool = spool
        self._edge = edge
        self._backoff = backoff
        self._clock = clock
        self._not_before = 0.0
        self._trouble: str | None = None

    def step(self) -> float | None:
        """Send one interval.

        Returns: seconds to wait before the next; None to wait until there is one.
        """
        early = self._not_before - self._clock.passed()
        if early > 0:
            return early  # woken by a new interval, which is no reason to contact the edge
        wait = self._send_oldest()
        self._not_before = self._clock.passed() + (wait or 0.0)
        return wait

    def _send_oldest(self) -> float | None:
        batch = self._spool.oldest()
        if batch is None:
            return None
        try:
            taken = self._edge.post(batch, self._spool.dropped)
        except BatchRefused as error:
            _logger.error("An interval was refused and set aside: %s", error)
            self._spool.set_aside(batch, str(error))
            return 0.0
        except EdgeAway as error:
            self._report(error)
            return self._backoff.wait(error.wait)
        except AgentError as error:  # somebody must do something about the token or the address
            self._report(error)
            return _REFUSED_SECONDS
        self._finish(batch, taken)
        return 0.0

    def _finish(self, batch: Batch, taken: Taken) -> None:
        if self._trouble is not None:
            _logger.warning("The edge accepts intervals again.")
        self._trouble = None
        self._backoff.reset()
        _logger.debug("The edge accepted %d flows of the interval from %s.", taken.accepted, iso(batch.start_ms))
        if taken.rejected:
            reason = _reasons(taken.rejected)
            _logger.error("The edge rejected %d flows, which are set aside: %s", len(taken.rejected), reason)
            self._spool.keep_rejected(_only(batch, taken.rejected), reason)
        self._spool.done(batch)

    def _report(self, error: AgentError) -> None:
        """Log what is wrong, once for as long as it stays the same."""
        if str(error) != self._trouble:
            _logger.error("%s %d intervals are waiting.", error, len(self._spool))
        self._trouble = str(error)


def _only(batch: Batch, lines: Mapping[int, str]) -> Batch:
    """Return some lines of a batch; all of it if it was damaged on disk."""
    try:
        every = gzip.decompress(batch.body).splitlines(keepends=True)
    except (OSError, EOFError, zlib.error):
        return batch
    some = [every[line] for line in sorted(lines) if 0 <= line < len(every)]
    return make_batch(batch.start_ms, len(some), b"".join(some))


def _reasons(rejected: Mapping[int, str]) -> str:
    some = sorted(set(rejected.values()))[:_REASONS_SHOWN]
    return BETWEEN_REASONS.join(each[:_REASON_MAX] for each in some)
