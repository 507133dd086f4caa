"""The judgement over a schedule: what was written, against what arrived. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dev.chaos.logs import Chunk
from dev.chaos.schedule import Commit, Content, Remove, Replace, Schedule
from shared.storage.checkpoint import Checkpoint, State


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must have become of everything that was written.

    Attributes:
        stored: Flow records that must be stored, once each.
        aside: What must be set aside, once each.
        perhaps_stored, perhaps_aside: The same of contents that were replaced or removed: once each at most.
    """

    stored: Counter[str]
    aside: Counter[str]
    perhaps_stored: Counter[str] = field(default_factory=Counter)
    perhaps_aside: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class LogState:
    """A log blob at the end, and its checkpoint.

    Attributes:
        blob: Its name.
        hour: That it covers.
        etag: Of its last commit; None if it was removed.
        records_end: Where its last record ends, in bytes.
        checkpoint: None if there is none.
        watermark: The hour from which on the sweep of its container looks; None if there is none.
    """

    blob: str
    hour: datetime
    etag: str | None
    records_end: int
    checkpoint: Checkpoint | None
    watermark: datetime | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What there was at the end.

    Attributes:
        stored: Flow records at the gateway, in canonical text.
        aside: What is quarantined: tuples as written, flow records in canonical text.
        logs: The log blobs.
        sent_twice: Lines that were posted once more than needed.
        unexpected: Anything else that should not have happened, in words.
    """

    stored: Counter[str]
    aside: Counter[str]
    logs: tuple[LogState, ...]
    sent_twice: int
    unexpected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong; nothing, if `passed`.

    Attributes:
        lost: Flow records that are not stored.
        doubled: Flow records that are stored more often than they were written.
        lost_aside, doubled_aside: The same of what had to be set aside.
        sent_twice: Lines that were posted once more than needed, although nothing went wrong.
        faults: Everything else, in words.
    """

    lost: Counter[str]
    doubled: Counter[str]
    lost_aside: Counter[str]
    doubled_aside: Counter[str]
    sent_twice: int
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not any(self.sentences())

    def sentences(self) -> Iterator[str]:
        """Yield what is wrong, a sentence each."""
        for what, records in (
            ("lost", self.lost),
            ("stored too often", self.doubled),
            ("neither stored nor set aside", self.lost_aside),
            ("set aside too often", self.doubled_aside),
        ):
            if records:
                yield f"{records.total()} {what}, such as {min(records)}"
        if self.sent_twice:
            yield f"{self.sent_twice} lines were sent twice, although nothing went wrong"
        yield from self.faults


def expectation(schedule: Schedule) -> Expectation:
    """Return what must become of everything that a schedule writes."""
    final, gone = list[Chunk](), list[Chunk]()
    for number, log in enumerate(schedule.logs):
        content, commits, removed = 0, 0, False
        for round_ in schedule.rounds:
            for action in round_.actions:
                match action:
                    case Commit(log=which) if which == number:
                        commits += 1
                    case Replace(log=which) if which == number:
                        gone += _chunks(log.contents[content], commits)
                        content, commits = content + 1, 1
                    case Remove(log=which) if which == number:
                        removed = True
        (gone if removed else final).extend(_chunks(log.contents[content], commits))
    return Expectation(
        stored=_count(chunk.stored for chunk in final),
        aside=_count(chunk.aside for chunk in final),
        perhaps_stored=_count(chunk.stored for chunk in gone),
        perhaps_aside=_count(chunk.aside for chunk in gone),
    )


def judge(expected: Expectation, seen: Observation, *, calm: bool) -> Verdict:
    """Compare; of a calm schedule nothing may have been sent twice either."""
    return Verdict(
        lost=expected.stored - seen.stored,
        doubled=seen.stored - expected.stored - expected.perhaps_stored,
        lost_aside=expected.aside - seen.aside,
        doubled_aside=seen.aside - expected.aside - expected.perhaps_aside,
        sent_twice=seen.sent_twice if calm else 0,
        faults=(*seen.unexpected, *(fault for log in seen.logs for fault in _faults(log))),
    )


def _faults(log: LogState) -> Iterator[str]:
    checkpoint = log.checkpoint
    if checkpoint is None:
        if log.etag is not None:
            yield f"{log.blob} has no checkpoint"
        return
    if checkpoint.blob != log.blob:
        yield f"{log.blob} has the checkpoint of {checkpoint.blob}"
    if checkpoint.state is not State.CLOSED:
        yield f"the checkpoint of {log.blob} is not closed"
    if log.etag is not None and checkpoint.etag != log.etag:
        yield f"the checkpoint of {log.blob} is not at its last commit"
    if log.etag is not None and (checkpoint.offset, checkpoint.batch) != (log.records_end, ()):
        yield f"the checkpoint of {log.blob} is at {checkpoint.offset}, not at {log.records_end}"
    if log.watermark is None or log.watermark <= log.hour:
        yield f"the watermark has not passed {log.blob}"


def _chunks(content: Content, commits: int) -> list[Chunk]:
    return [chunk for chunks in content.commits[:commits] for chunk in chunks]


def _count(texts: "Iterator[tuple[str, ...]]") -> Counter[str]:
    return Counter(text for some in texts for text in some)
