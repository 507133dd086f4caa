"""Who delivers, and how fresh that is: storage accounts, and the agents."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from gateway.clock import from_ms
from gateway.console.figures import since
from gateway.traffic.freshness import Heard

_FRESH: Final = timedelta(minutes=10)
"""Azure writes a flow log once a minute, and some minutes late."""
_STALE: Final = timedelta(hours=1)
_OVER: Final = timedelta(days=30)
"""What nobody has configured and has not been heard of for so long is not a source any more."""


class Grade(IntEnum):
    """How things are, the worst first. The names, in lowercase letters, are those of the styles."""

    BAD = 0
    WARN = 1
    INFO = 2
    GOOD = 3

    @property
    def style(self) -> str:
        """What the pages' styles know it by."""
        return self.name.lower()


def grade(lag: timedelta) -> Grade:
    """Return how good a lag of the newest record is."""
    return Grade.GOOD if lag <= _FRESH else Grade.WARN if lag <= _STALE else Grade.BAD


@dataclass(frozen=True, slots=True)
class Source:
    """One that delivers.

    Attributes:
        heard: What was heard last of it.
        lag: How long ago its newest record was; None if there is none, or if its clock is ahead.

    """

    heard: Heard
    lag: timedelta | None

    @property
    def name(self) -> str:
        """How pages call it."""
        if self.heard.by_agent:
            return "Agents"
        return self.heard.account or "Logs that name no account"

    @property
    def grade(self) -> Grade:
        """How it is."""
        if self.heard.refusal is not None:
            return Grade.BAD
        if self.lag is None:
            # A machine without connections delivers intervals without records.
            return Grade.INFO if self.heard.by_agent else Grade.BAD
        return grade(self.lag)


def sources(heard: Collection[Heard], configured: Collection[str], now: datetime) -> list[Source]:
    """Return who delivers, the worst first, and of those that are alike whoever was heard of last."""
    found = [
        Source(each, None if each.last is None else since(each.last, now))
        for each in heard
        if each.account in configured or now - from_ms(_last_sign(each)) < _OVER
    ]
    return sorted(found, key=lambda each: (each.grade, -_last_sign(each.heard)))


def _last_sign(heard: Heard) -> int:
    return max(heard.accepted or 0, heard.refusal.at if heard.refusal else 0)
