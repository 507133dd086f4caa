"""What a gateway does besides answering: it deletes what has expired, and settles and merges what arrived.

Whatever a chore raises is logged, and the chore is tried again later: none of them may end the gateway.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import anyio
from anyio.abc import TaskGroup
from starlette.concurrency import run_in_threadpool

from gateway.clock import Clock
from gateway.keeping.expired import delete_expired
from gateway.stores.stores import Stores

_EDGES_LIFE: Final = timedelta(days=400)
"""Who talked to whom is known for so long, whatever records are kept: a year, and a month to look back from it."""
_EVERY: Final = 5.0
"""Seconds between looks for what waits to be settled or merged."""
_RESTS: Final = 9
"""After merging edges, for how many times as long nothing is merged: at most a tenth of the time goes into it."""
_AFTER_A_FAILURE: Final = 60.0
_HOUR: Final = 3600.0

_logger = logging.getLogger(__name__)


async def start_chores(
    tasks: TaskGroup, stores: Stores, clock: Clock, records_life: timedelta | None, ending: threading.Event
) -> None:
    """Do the small chores once, and start all of them, for as long as the task group is not cancelled.

    Args:
        tasks: Where they run.
        stores: The open stores.
        clock: The time.
        records_life: How long flow records are kept whose customer has no days of its own for them; for ever without.
        ending: Set once the gateway is ending.
    """
    await _carry_out(_small_chores(stores, clock))
    tasks.start_soon(_keep_house, stores, clock, records_life, ending)
    tasks.start_soon(_settle, stores, clock)
    tasks.start_soon(_merge, stores)


async def _keep_house(stores: Stores, clock: Clock, records_life: timedelta | None, ending: threading.Event) -> None:
    """Delete expired data, records also right at the start, until the gateway stops."""
    while True:
        # Before the keys, which live as long as their records.
        records = partial(delete_expired, stores, records_life, clock(), ending.is_set)
        await _carry_out([records, *_small_chores(stores, clock)])
        await anyio.sleep(_HOUR)


def _small_chores(stores: Stores, clock: Clock) -> list[Callable[[], object]]:
    now = clock()
    return [
        *(
            partial(forget, now)
            for forget in (stores.records.forget_keys, stores.sessions.forget, stores.audit_log.forget)
        ),
        partial(stores.records.forget_edges, (now - _EDGES_LIFE).date()),
    ]


async def _carry_out(chores: Sequence[Callable[[], object]]) -> None:
    for chore in chores:
        try:
            await run_in_threadpool(chore)
        except Exception:
            _logger.exception("Expired data could not be deleted. The next attempt is in an hour.")


async def _settle(stores: Stores, clock: Clock) -> None:
    """Mark the records of hours that wait for it, one after another; one that fails comes again after all others."""
    failed = False
    while True:
        began = time.monotonic()
        try:
            found = await run_in_threadpool(stores.records.settle, clock())
        except Exception:
            _logger.exception(
                "The bytes of an hour could not be settled. Other hours are tried first, then this one again."
            )
            found = failed = True
        if found:
            await _leave_time_for_posts(began)
        else:
            await anyio.sleep(_AFTER_A_FAILURE if failed else _EVERY)
            failed = False


async def _merge(stores: Stores) -> None:
    """Merge what arrived into the edges, part by part."""
    while True:
        pause = _EVERY
        try:
            waiting = True
            while waiting:
                began = time.monotonic()
                waiting = await run_in_threadpool(stores.records.merge_edges)
                await _leave_time_for_posts(began, _RESTS)
        except Exception:
            _logger.exception("What arrived could not be merged into the edges. Nothing is lost; it is tried again.")
            pause = _AFTER_A_FAILURE
        await anyio.sleep(pause)


async def _leave_time_for_posts(began: float, times: float = 1) -> None:
    """Wait as long as something took that nobody else could write meanwhile."""
    await anyio.sleep(times * (time.monotonic() - began))
