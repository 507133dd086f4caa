"""The order in which a sweep goes through everything: from where the last one stopped, wrapping around.

If each sweep began at the watermark, anything slow there would use up the time of everything after it, in every sweep.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.delivery.hours import Hours
from shared.storage.watermarks import StoppedAt


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the round: some hours, or a part of what is in them.

    Attributes:
        hours: Which; None for log blobs that were begun before the first of them, and not finished.
        after: Only log blobs whose names come after this one; "" for all.
        until: Only log blobs whose names come up to this one; None for all.
    """

    hours: Hours | None
    after: str = ""
    until: str | None = None

    def has(self, name: str) -> bool:
        """Return whether a log blob of these hours belongs to it."""
        return self.after < name and (self.until is None or name <= self.until)

    def may_have(self, resource: str) -> bool:
        """Return whether a resource (a prefix of names) may have log blobs that belong to it."""
        return self.after < f"{resource}0" and (self.until is None or resource <= self.until)  # "0" comes after "/"


def legs(hours: Sequence[Hours], stopped: StoppedAt | None) -> list[Leg]:
    """Return the legs of one round: what was begun before the first of the hours, then the hours, oldest first.

    If the last sweep stopped somewhere, that leg is split in two: what is left of it comes first, and the rest last.
    """
    around: list[Hours | None] = [None, *hours]
    if stopped is None:
        return [Leg(each) for each in around]
    at = max((n for n, each in enumerate(around) if each is None or each.start <= stopped.hour), default=0)
    whole = [Leg(each) for each in (*around[at + 1 :], *around[:at])]
    return [Leg(around[at], after=stopped.name), *whole, Leg(around[at], until=stopped.name)]
