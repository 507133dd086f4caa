"""Expired records: they are deleted unless a hold keeps them."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import to_ms
from gateway.keeping.held import covered, search_of
from gateway.stores.stores import Stores
from gateway.traffic.questions import Condition, Question, any_of, condition, opposite
from gateway.traffic.terms import Search, WordKey, Words
from shared.flowlog.record import TIME_MIN_MS, Source

_AT_ONCE: Final = 200_000
"""The number of records in which expired ones are deleted at once. Meanwhile, for a fraction of a second, no post is
stored.
"""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Slice:
    """Consecutive posts, some of whose records have expired.

    Attributes:
        customer: Whose records those are.
        first: The number of the first post.
        last: The number of the last one.
    """

    customer: int
    first: int
    last: int


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

    It works in slices, each a transaction, and posts are stored in between. The keys of posts without
    records follow by `Records.forget_keys`.

    Args:
        stores: The open stores.
        general: How long records are kept whose customer has no days of its own for them; for ever without.
        now: The present moment.
        stopped: Returns whether to stop; called between slices.
    """
    slices = [each for customer in _customers(stores, general) for each in _slices(stores, customer, general, now)]
    for customer in {each.customer for each in slices}:
        _tell_of_unreadable_holds(stores, customer)
    for each in slices:
        began = time.monotonic()
        # Creating a hold or changing the days waits for the end of this slice; the next one takes it into account.
        with stores.database.transaction(), stores.records.deleting(last=each is slices[-1]) as cursor:
            goes = _goes(stores, each, general, now)
            cursor.execute(f"DELETE FROM records WHERE {goes.sql}", goes.parameters)  # noqa: S608 - words of ours
        # A pause of the same length for those who wait: the lock goes to whoever asks next, which would be this loop
        # again.
        time.sleep(time.monotonic() - began)
        if stopped():
            return


def _customers(stores: Stores, general: timedelta | None) -> list[int]:
    """Return the customers some of whose records are not kept for ever."""
    rows = stores.records.rows("SELECT DISTINCT customer FROM records ORDER BY customer", [])
    return [customer for (customer,) in rows if any(lives(stores, customer, general).values())]


def _slices(stores: Stores, customer: int, general: timedelta | None, now: datetime) -> list[_Slice]:
    expired = _outlived(stores, customer, general, now)
    rows = stores.records.rows(
        f"""
        SELECT min(post), max(post) FROM (
            SELECT post, sum(count(*)) OVER (ORDER BY post) // {_AT_ONCE} AS slice,
                   count(*) FILTER ({expired.sql}) AS expired
            FROM records GROUP BY post
        ) GROUP BY slice HAVING sum(expired) > 0 ORDER BY slice
        """,  # noqa: S608 - words of ours
        expired.parameters,
    )
    return [_Slice(customer, first, last) for first, last in rows]


def _goes(stores: Stores, found: _Slice, general: timedelta | None, now: datetime) -> Condition:
    """Return the condition for the records of a slice to delete, given the current holds and retention."""
    records, customer = stores.records, found.customer
    expired = _outlived(stores, customer, general, now)
    kept = opposite(any_of(condition(records, covered(customer, hold)) for hold in stores.holds.in_force(customer)))
    return Condition(
        f"customer = ? AND post BETWEEN ? AND ? AND {expired.sql} AND {kept.sql}",
        (customer, found.first, found.last, *expired.parameters, *kept.parameters),
    )


def _outlived(stores: Stores, customer: int, general: timedelta | None, now: datetime) -> Condition:
    return any_of(
        condition(
            stores.records,
            Question(customer, TIME_MIN_MS, to_ms(now - life), Search((Words(WordKey.SOURCE, (source,)),))),
        )
        for source, life in lives(stores, customer, general).items()
        if life is not None
    )


def _tell_of_unreadable_holds(stores: Stores, customer: int) -> None:
    for hold in stores.holds.in_force(customer):
        if search_of(hold) is None:
            _logger.warning(
                "The search of hold %d of customer %d can no longer be parsed: the hold keeps all records of its "
                "period. Lift it in the console under Retention, and create it again.",
                hold.number,
                customer,
            )
