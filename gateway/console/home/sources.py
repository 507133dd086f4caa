"""The sources, and how fresh their records are: storage accounts, and the agents."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from gateway.clock import from_ms
from gateway.console.figures import since
from gateway.traffic.freshness import Heard

_FRESH: Final = timedelta(minutes=10)
"""Azure writes a flow log once a minute, a few minutes late."""
_STALE: Final = timedelta(hours=1)
_OVER: Final = timedelta(days=30)
"""An account that is not configured is no longer a source after this time without deliveries."""


class Grade(IntEnum):
    """How bad something is, the worst first. In lower case, the names are CSS classes."""

    BAD = 0
    WARN = 1
    INFO = 2
    GOOD = 3

    @property
    def style(self) -> str:
        """The CSS class."""
        return self.name.lower()


def grade(lag: timedelta) -> Grade:
    """Return the grade of the newest record's lag."""
    return Grade.GOOD if lag <= _FRESH else Grade.WARN if lag <= _STALE else Grade.BAD


@dataclass(frozen=True, slots=True)
class Source:
    """A source of flow records.

    Attributes:
        heard: What is known of its latest deliveries.
        lag: How long ago its newest record was; None if there is none, or if its clock is ahead.
    """

    heard: Heard
    lag: timedelta | None

    @property
    def name(self) -> str:
        """The name that pages show."""
        if self.heard.by_agent:
            return "Agents"
        return self.heard.account or "Logs that name no account"

    @property
    def grade(self) -> Grade:
        """How bad its state is."""
        if self.heard.refusal is not None:
            return Grade.BAD
        if self.lag is None:
            # A machine without connections delivers intervals without records.
            return Grade.INFO if self.heard.by_agent else Grade.BAD
        return grade(self.lag)


def sources(heard: Collection[Heard], configured: Collection[str], now: datetime) -> list[Source]:
    """Return the sources, the worst first; equally bad ones by their latest delivery, newest first."""
    found = [
        Source(each, None if each.last is None else since(each.last, now))
        for each in heard
        if each.account in configured or now - from_ms(_last_sign(each)) < _OVER
    ]
    return sorted(found, key=lambda each: (each.grade, -_last_sign(each.heard)))


def _last_sign(heard: Heard) -> int:
    return max(heard.accepted or 0, heard.refusal.at if heard.refusal else 0)
