"""When the agent of a machine is next asked for what it sees."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.stores.items import Item
from gateway.stores.machines import SILENT
from gateway.stores.server_traffic import Answer
from gateway.stores.stores import Stores


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of a machine that collects.

    Attributes:
        interval: How often its agent delivers.
        within: The time within which it delivers next; None if it is silent, and delivers once it polls again.
    """

    interval: timedelta
    within: timedelta | None


def schedule_of(stores: Stores, item: Item, now: datetime) -> Schedule | None:
    """Return the schedule of a machine; None if it collects nothing. Blocks."""
    seconds = stores.blueprints.interval(item.number) if item.collects else None
    if seconds is None:
        return None
    interval = timedelta(seconds=seconds)
    if item.seen_at is None or item.seen_at < now - SILENT:
        return Schedule(interval, None)
    return Schedule(interval, _within(interval, stores.server_traffic.last([item.number]).get(item.number), now))


def _within(interval: timedelta, last: Answer | None, now: datetime) -> timedelta:
    # Agents poll all the time: one that was just told to collect begins at once, and delivers after an interval.
    left = interval if last is None else last.at + interval - now
    return left if timedelta(0) < left < interval else interval
