"""Numbers and times, as pages show them."""

from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms, to_ms
from gateway.visible import visible
from shared.flowlog.check import ID_BYTES

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_SIGNIFICANT: Final = 3
_LONGEST: Final = ID_BYTES


def grouped(number: int) -> str:
    """Format an integer with its digits in groups of three."""
    return f"{number:,}"


def size(count: int) -> str:
    """Format a number of bytes with three digits and a unit; below 1000 it is exact."""
    number, unit = float(count), 0
    while number >= 999.5 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - what rounds to four digits
        number, unit = number / 1000, unit + 1
    digits = 0 if unit == 0 else max(_SIGNIFICANT - len(str(int(number))), 0)
    return f"{number:,.{digits}f} {_UNITS[unit]}"


def clock_time(milliseconds: int) -> str:
    """Format a time in UTC as ISO 8601, but with a space in place of the T; the page names the zone."""
    return from_ms(milliseconds).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")


def second(milliseconds: int) -> str:
    """Format a time in UTC, to the second."""
    return clock_time(milliseconds)[:19]


def day(milliseconds: int) -> str:
    """Format the day of a time in UTC."""
    return clock_time(milliseconds)[:10]


def time_of_day(milliseconds: int) -> str:
    """Format a time in UTC without its day, and without milliseconds if they are zero."""
    return clock_time(milliseconds)[11:].removesuffix(".000")


def minute(milliseconds: int) -> str:
    """Format a time in UTC, without milliseconds or seconds if they are zero."""
    return clock_time(milliseconds).removesuffix(".000").removesuffix(":00")


def written(milliseconds: int) -> str:
    """Format a time for a URL: ISO 8601 in UTC, as short as possible."""
    text = from_ms(milliseconds).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return text.removesuffix(".000").removesuffix(":00") + "Z"


def machine_time(milliseconds: int) -> str:
    """Format a time for the attribute `datetime` of `<time>`."""
    return f"{from_ms(milliseconds).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def since(milliseconds: int, now: datetime) -> timedelta:
    """Return how long ago a time was; zero if it is in the future, such as because a clock is fast."""
    return timedelta(milliseconds=max(to_ms(now) - milliseconds, 0))


def share(part: int, whole: int) -> float:
    """Return a part of a total in per cent; zero if the total is zero."""
    return 100 * part / whole if whole else 0.0


def percent(number: float) -> str:
    """Format a percentage to a tenth; anything above zero never looks like zero."""
    return "<0.1 %" if 0 < number < 0.05 else f"{number:.1f} %"  # noqa: PLR2004 - what rounds to nothing


def shortened(text: str) -> str:
    """Shorten a text that others chose: its beginning, if it is longer than records may have it (version 0.1 took any),
    with every character visible.
    """
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


FILTERS: Final = {
    "grouped": grouped,
    "size": size,
    "clock_time": clock_time,
    "second": second,
    "time_of_day": time_of_day,
    "share": share,
    "percent": percent,
    "shortened": shortened,
    "visible": visible,
    "minute": minute,
    "machine_time": machine_time,
    "written": written,
}
"""The names by which templates use these."""
