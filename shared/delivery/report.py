"""What one invocation did, as the one line that it logs."""

import logging
from dataclasses import dataclass
from enum import Enum

import orjson

from shared.errors import (
    HeldElsewhere,
    SettingError,
    SluiceError,
    TokenRefused,
    Unreadable,
    Unsupported,
    Vanished,
    WrongAddress,
)

_LOG = logging.getLogger("sluice")


class Outcome(Enum):
    """How an invocation ended; the second value is the level that its line is logged at."""

    DELIVERED = ("delivered", logging.INFO)
    NOTHING_NEW = ("nothing new", logging.DEBUG)
    CONTINUES = ("continues in a later invocation", logging.INFO)
    HELD_ELSEWHERE = ("held by another worker", logging.DEBUG)
    PAUSED = ("paused after a failure of the gateway", logging.DEBUG)
    NO_FLOW_LOG = ("no flow log", logging.DEBUG)
    TOO_OLD = ("older than what is read without asking", logging.DEBUG)
    VANISHED = ("log blob is gone", logging.WARNING)
    INCOMPLETE = ("ends within a record so far", logging.INFO)
    UNSUPPORTED = ("unsupported", logging.ERROR)
    UNREADABLE = ("checkpoint unreadable", logging.ERROR)
    RETRY_LATER = ("will be tried again", logging.ERROR)
    TOKEN_REFUSED = ("token refused", logging.ERROR)
    WRONG_ADDRESS = ("wrong address or fault of the gateway", logging.ERROR)
    SETTING = ("a setting is wrong", logging.CRITICAL)

    @property
    def words(self) -> str:
        return self.value[0]

    @property
    def level(self) -> int:
        return self.value[1]

    @classmethod
    def of(cls, trouble: SluiceError) -> "Outcome":
        """Return how an invocation ends that something stopped."""
        return next(outcome for kind, outcome in _STOPPED_BY if isinstance(trouble, kind))


_STOPPED_BY: tuple[tuple[type[SluiceError], Outcome], ...] = (
    (HeldElsewhere, Outcome.HELD_ELSEWHERE),
    (Vanished, Outcome.VANISHED),
    (Unsupported, Outcome.UNSUPPORTED),
    (Unreadable, Outcome.UNREADABLE),
    (TokenRefused, Outcome.TOKEN_REFUSED),
    (WrongAddress, Outcome.WRONG_ADDRESS),
    (SettingError, Outcome.SETTING),
    (SluiceError, Outcome.RETRY_LATER),
)


@dataclass(slots=True)
class Tally:
    """Counts of one invocation.

    Attributes:
        blocks: committed blocks read.
        bytes: log bytes read and delivered.
        tuples: tuples seen in them.
        records: flow records that the gateway accepted.
        tuples_aside, records_aside, ranges_aside: what was quarantined as the decoder could not read it.
        lines_refused: flow records quarantined as the gateway refused them.
        posts: batches that the gateway answered for good.
        duplicates: those of them that it had before.
        duplicate_records: flow records in them that it had accepted.
        halved: batches that it refused whole; many of them ask for a smaller BATCH_MAX_RECORDS.
        retries: attempts that had to be repeated.
        rewritten: times that the log blob was found rewritten.
        lag_seconds: from the newest delivered commit to its checkpoint; None if nothing was delivered.
    """

    blocks: int = 0
    bytes: int = 0
    tuples: int = 0
    records: int = 0
    tuples_aside: int = 0
    records_aside: int = 0
    ranges_aside: int = 0
    lines_refused: int = 0
    posts: int = 0
    duplicates: int = 0
    duplicate_records: int = 0
    halved: int = 0
    retries: int = 0
    rewritten: int = 0
    lag_seconds: float | None = None

    @property
    def quarantined(self) -> int:
        return self.tuples_aside + self.records_aside + self.ranges_aside + self.lines_refused


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation's result.

    Attributes:
        blob: container and name.
        outcome: how it ended.
        tally: its counts.
        milliseconds: how long it took.
        message: a sentence for the operator where something needs one, else "".
    """

    blob: str
    outcome: Outcome
    tally: Tally
    milliseconds: int
    message: str = ""

    def log(self) -> None:
        """Write the line; counts of zero are left out, since logs cost money."""
        tally = self.tally
        level = max(self.outcome.level, logging.WARNING if tally.quarantined or tally.rewritten else 0)
        if _LOG.isEnabledFor(level):
            counts = {name: value for name in Tally.__slots__ if (value := getattr(tally, name))}
            line = {"blob": self.blob, "outcome": self.outcome.words, **counts, "ms": self.milliseconds}
            if self.message:
                line["message"] = self.message
            _LOG.log(level, "%s", orjson.dumps(line).decode())
