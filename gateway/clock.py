"""Time, as it is passed to everything in the gateway: aware, in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

type Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""

AHEAD: Final = timedelta(minutes=5)
"""How far other clocks may be ahead. Records from further in the future do not count for freshness."""


def utc_now() -> datetime:
    """Return the machine's current time."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Format a time as the HTTP API does: ISO 8601 in UTC, to the second, with a `Z`."""
    # Not by strftime, which does not pad the years before 1000: nothing reads those again.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def to_ms(moment: datetime) -> int:
    """Return the full milliseconds from the epoch to a time."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the time that is this many milliseconds after the epoch."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
