"""Hours to look through, grouped so that storage is listed as rarely as possible."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.flowlog import LogBlob, day_prefix, hour_prefix

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LAST_COMMIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that are listed together: one hour, or a full day, from `start` up to `end`."""

    start: datetime
    end: datetime

    def prefix(self, resource: str) -> str:
        """Return the listing prefix of these hours' log blobs of one resource."""
        if self.end - self.start == _HOUR:
            return hour_prefix(resource, self.start)
        return day_prefix(resource, self.start.date())


def hours_between(first: datetime, end: datetime) -> Iterator[Hours]:
    """Split the time from the full hour `first` up to `end` into days, and into hours where a day is not complete."""
    start = first
    while start < end:
        whole_day = start.hour == 0 and start + _DAY <= end
        hours = Hours(start, start + (_DAY if whole_day else _HOUR))
        yield hours
        start = hours.end


def is_over(log: LogBlob, now: datetime) -> bool:
    """Return whether a log blob's hour is over, so that its checkpoint can close once everything is delivered."""
    return now >= log.hour + _HOUR


def is_settled(log: LogBlob, now: datetime) -> bool:
    """Return whether a log blob's last commit is certain to have come: Azure's comes minutes after the hour ends."""
    return now >= log.hour + _HOUR + _LAST_COMMIT
