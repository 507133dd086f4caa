"""Expired records: they are deleted unless a hold keeps them."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import to_ms
from gateway.keeping.held import covered, search_of
from gateway.stores.stores import Stores
from gateway.traffic.fields import SOURCE
from gateway.traffic.question import Question
from gateway.traffic.store import Wanted
from gateway.traffic.terms import Search, Words
from shared.flowlog.record import TIME_MIN_MS, Source

_AT_ONCE: Final = 200_000
"""The number of records in which expired ones are deleted at once. Meanwhile, for a fraction of a second, no post is
stored.
"""
_PARTS_FIRST: Final = 20
"""How many parts of what waits for the edges are merged before records are deleted."""

_logger = logging.getLogger(__name__)


def lives(stores: Stores, customer: int, general: timedelta | None) -> dict[Source, timedelta | None]:
    """Return how long a customer's records of each source are kept, counted from their own timestamps; None is for
    ever.
    """
    own = {source: timedelta(days=days) for source, days in stores.retention.days(customer).items()}
    return {source: own.get(source, general) for source in Source}


def delete_expired(
    stores: Stores, general: timedelta | None, now: datetime, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Delete the expired records of all customers, except those that a hold keeps.

    It works in slices, each a transaction, and posts are stored in between. The keys of posts without records follow by
    `RecordStore.forget_keys`. Records that the edges do not have yet wait for the next time.

    Args:
        stores: The open stores.
        general: How long records are kept whose customer has no days of its own for them; for ever without.
        now: The present moment.
        stopped: Returns whether to stop; called between slices.
    """
    _merge_edges(stores, stopped)
    found = [
        (customer, each)
        for customer in _customers(stores, general)
        for each in stores.records.slices(_wanted(stores, customer, general, now), _AT_ONCE)
    ]
    for customer in {customer for customer, _ in found}:
        _tell_of_unreadable_holds(stores, customer)
    for number, (customer, each) in enumerate(found, 1):
        if stopped():
            return
        # Creating a hold or changing the days waits for the end of this slice; the next one takes it into account.
        with _paused_after(), stores.database.transaction():
            stores.records.delete(_wanted(stores, customer, general, now), each, last=number == len(found))


def _merge_edges(stores: Stores, stopped: Callable[[], bool]) -> None:
    """Let the edges have what is waiting, unless that is very much: then it is merged in the background."""
    for _ in range(_PARTS_FIRST):
        if stopped():
            return
        with _paused_after():
            waiting = stores.records.merge_edges()
        if not waiting:
            return


@contextmanager
def _paused_after() -> Iterator[None]:
    """Wait after something for as long as it took: a lock lets in whoever asks next, which would be the same again."""
    began = time.monotonic()
    yield
    time.sleep(time.monotonic() - began)


def _customers(stores: Stores, general: timedelta | None) -> list[int]:
    """Return the customers some of whose records are not kept for ever."""
    return [customer for customer in stores.records.customers() if any(lives(stores, customer, general).values())]


def _wanted(stores: Stores, customer: int, general: timedelta | None, now: datetime) -> Wanted:
    """Return which of a customer's records are to be deleted, as holds and days are at this moment."""
    expired = (
        Question(customer, TIME_MIN_MS, to_ms(now - life), Search((Words(SOURCE, (source,)),)))
        for source, life in lives(stores, customer, general).items()
        if life is not None
    )
    held = (covered(customer, hold) for hold in stores.holds.in_force(customer))
    return Wanted(customer, tuple(expired), tuple(held))


def _tell_of_unreadable_holds(stores: Stores, customer: int) -> None:
    for hold in stores.holds.in_force(customer):
        if search_of(hold) is None:
            _logger.warning(
                "The search of hold %d of customer %d can no longer be parsed: the hold keeps all records of its "
                "period. Lift it in the console under Retention, and create it again.",
                hold.number,
                customer,
            )
