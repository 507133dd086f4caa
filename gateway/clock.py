"""Time, as everything in the gateway gets it: passed in, aware, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

type Clock = Callable[[], datetime]
"""Tells the present moment, aware, in UTC."""

AHEAD: Final = timedelta(minutes=5)
"""How far clocks elsewhere may be ahead. A record of later yet says nothing of how fresh the records are."""


def utc_now() -> datetime:
    """Return the machine's current time."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Write a moment as the HTTP API does: ISO 8601 in UTC, to the second, with a `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_ms(moment: datetime) -> int:
    """Count the whole milliseconds from the epoch to a moment."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the moment so many milliseconds after the epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
