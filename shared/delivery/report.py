"""What one invocation did, and its log line."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import orjson

from shared.errors import (
    HeldElsewhere,
    SettingError,
    SluiceError,
    TokenRefused,
    UnexpectedAnswer,
    Unreadable,
    Unsupported,
    Vanished,
)

_logger = logging.getLogger("sluice")


class Outcome(Enum):
    """How an invocation ended: a code, and the level that its line is logged at.

    Alert rules and customers' own queries look for the codes, and docs/operations.md says what each means, so released
    codes never change.
    """

    DELIVERED = ("delivered", logging.INFO)
    SWEPT = ("swept", logging.INFO)
    SUMMARY = ("summary", logging.INFO)
    CONTINUES = ("continues", logging.INFO)
    INCOMPLETE = ("incomplete", logging.INFO)
    NOTHING_NEW = ("nothing_new", logging.DEBUG)
    HELD_ELSEWHERE = ("held_elsewhere", logging.DEBUG)
    PAUSED = ("paused", logging.DEBUG)
    TOO_OLD = ("too_old", logging.DEBUG)
    NOT_A_FLOW_LOG = ("not_a_flow_log", logging.DEBUG)
    VANISHED = ("vanished", logging.WARNING)
    NIC_SILENT = ("nic_silent", logging.WARNING)
    UNSUPPORTED = ("unsupported", logging.ERROR)
    CHECKPOINT_UNREADABLE = ("checkpoint_unreadable", logging.ERROR)
    RETRY_LATER = ("retry_later", logging.ERROR)
    TOKEN_REFUSED = ("token_refused", logging.ERROR)
    UNEXPECTED_ANSWER = ("unexpected_answer", logging.ERROR)
    INVALID_SETTING = ("invalid_setting", logging.CRITICAL)

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def level(self) -> int:
        return self.value[1]

    @classmethod
    def of(cls, trouble: SluiceError) -> "Outcome":
        """Return the outcome of an invocation that an error stopped."""
        return next(outcome for kind, outcome in _STOPPED_BY if isinstance(trouble, kind))


_STOPPED_BY: tuple[tuple[type[SluiceError], Outcome], ...] = (
    (HeldElsewhere, Outcome.HELD_ELSEWHERE),
    (Vanished, Outcome.VANISHED),
    (Unsupported, Outcome.UNSUPPORTED),
    (Unreadable, Outcome.CHECKPOINT_UNREADABLE),
    (TokenRefused, Outcome.TOKEN_REFUSED),
    (UnexpectedAnswer, Outcome.UNEXPECTED_ANSWER),
    (SettingError, Outcome.INVALID_SETTING),
    (SluiceError, Outcome.RETRY_LATER),
)


def log_line(outcome: Outcome, fields: Mapping[str, object], level: int = 0) -> None:
    """Log one line of JSON: the outcome's code and the fields, at the outcome's level or a higher one that is given."""
    _logger.log(max(outcome.level, level), "%s", orjson.dumps({"outcome": outcome.code, **fields}).decode())


@dataclass(slots=True)
class Tally:
    """Counts of one invocation.

    Attributes:
        blocks: Committed blocks read.
        bytes: Log bytes read and delivered.
        tuples: Tuples seen in them.
        records: Flow records that the gateway accepted.
        tuples_aside, records_aside, ranges_aside: What was quarantined because the decoder could not read it.
        lines_refused: Flow records quarantined because the gateway rejected them.
        posts: Batches that the gateway answered for good.
        duplicates: How many of them it already had.
        duplicate_records: Flow records in them that it had accepted.
        halved: Batches that it refused whole; many of them call for a smaller BATCH_MAX_RECORDS.
        retries: Attempts that had to be repeated.
        rewritten: How often the log blob was found rewritten.
        lag_seconds: From the newest delivered commit to its checkpoint; None if nothing was delivered.
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
        blob: Container and name.
        outcome: How it ended.
        tally: Its counts.
        milliseconds: How long it took.
        message: A sentence for the operator where something needs one, else "".
    """

    blob: str
    outcome: Outcome
    tally: Tally
    milliseconds: int
    message: str = ""

    def log(self) -> None:
        """Log the line; counts of zero are left out, since logs cost money."""
        tally = self.tally
        counts = {name: value for name in Tally.__slots__ if (value := getattr(tally, name))}
        message = {"message": self.message} if self.message else {}
        level = logging.WARNING if tally.quarantined or tally.rewritten else 0
        log_line(self.outcome, {"blob": self.blob, **counts, "ms": self.milliseconds, **message}, level)
