"""What a schedule is: logs that grow, events about them, and what goes wrong, all of it fixed beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from dev.chaos.failures import Failure
from dev.chaos.logs import Chunk
from dev.chaos.steps import Trap
from dev.chaos.storage_faults import StorageTrouble
from dev.flowlogs.nics import Nic


class Style(Enum):
    """How a log blob is written.

    BLOCKS: as Azure does it: opening, records and closer in blocks of their own, a comma before later blocks.
    TRAILING_COMMA: as Azure did it once, the comma after a block.
    SHARED_CLOSER: the closer in the last block of records, which the next commit replaces.
    WHOLE: put in one go, without blocks, as copies and restored blobs are.
    MARKED: the same, and marked as compressed, which it is not.
    CUT: as BLOCKS, but each block of records in two, wherever that cuts a record.
    """

    BLOCKS = "blocks"
    TRAILING_COMMA = "trailing comma"
    SHARED_CLOSER = "shared closer"
    WHOLE = "whole"
    MARKED = "marked as compressed"
    CUT = "cut by blocks"


@dataclass(frozen=True, slots=True)
class Content:
    """What a log blob holds from its creation to its end, or to its being replaced: a tuple of chunks a commit."""

    style: Style
    commits: tuple[tuple[Chunk, ...], ...]


@dataclass(frozen=True, slots=True)
class Log:
    """A log blob: of which NIC, of which hour (aware), and its contents, each replacing the one before."""

    nic: Nic
    hour: datetime
    contents: tuple[Content, ...]

    @property
    def container(self) -> str:
        return self.nic.container

    @property
    def blob(self) -> str:
        """The log blob's name."""
        return self.nic.blob_name(self.hour)


@dataclass(frozen=True, slots=True)
class Commit:
    """The next commit of a log is made."""

    log: int


@dataclass(frozen=True, slots=True)
class Replace:
    """The log is rewritten with the first commit of its next content; `recreated` if it is deleted before."""

    log: int
    recreated: bool


@dataclass(frozen=True, slots=True)
class Remove:
    """The log blob is deleted."""

    log: int


@dataclass(frozen=True, slots=True)
class Notify:
    """A worker gets an event about a log, whatever happened to it."""

    log: int
    worker: int


@dataclass(frozen=True, slots=True)
class SweepBy:
    """A worker begins a sweep."""

    worker: int


@dataclass(frozen=True, slots=True)
class Thaw:
    """A frozen worker goes on; of others nothing happens."""

    worker: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens for so many real seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RefuseToken:
    """The gateway's customer loses the subscription token."""


@dataclass(frozen=True, slots=True)
class RenewToken:
    """The customer gets a new one, and workers that start from now on know it."""


type LogAction = Commit | Replace | Remove
type Action = LogAction | Notify | SweepBy | Thaw | Wait | RefuseToken | RenewToken


@dataclass(frozen=True, slots=True)
class Round:
    """Actions that overlap; the round is over when nothing is under way any more, dead and frozen workers apart.

    Attributes:
        advance: Seconds by which time goes on before.
        traps: What happens to each worker; dead ones are replaced before.
        actions: In their order, but none waits for the end of another.
        failures: What the gateway does instead of answering the n-th post of the round, counted from 1.
        storage: What happens to what storage is asked.
        repeats_lost: Whether events that a worker took to its grave are given to its successor.
    """

    advance: float
    traps: tuple[Trap | None, ...]
    actions: tuple[Action, ...]
    failures: Mapping[int, Failure] = field(default_factory=dict)
    storage: tuple[StorageTrouble, ...] = ()
    repeats_lost: bool = False


@dataclass(frozen=True, slots=True)
class Workers:
    """How the worker processes are set up.

    Attributes:
        batch_max_records: Of each, since a setting may be changed while a log grows.
        posts_in_flight: At one time for one log.
        seconds_a_post: How long each post takes in the schedule's time.
    """

    batch_max_records: tuple[int, ...]
    posts_in_flight: int
    seconds_a_post: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that happens, but for the races.

    Attributes:
        seed: What it was drawn from; 0 if it was made by hand.
        start: The moment of the schedule's time at which it begins.
        logs: What is written.
        rounds: What happens.
        workers: Who delivers.
        takes_more_later: Whether a batch that was too large once may be taken whole another time. It may not where a
            worker freezes: when that one goes on, it might post a whole whose halves are in.
    """

    seed: int
    start: datetime
    logs: tuple[Log, ...]
    rounds: tuple[Round, ...]
    workers: Workers
    takes_more_later: bool = True

    @property
    def calm(self) -> bool:
        """Whether nothing fails and nobody dies, so that nothing may be sent twice."""
        return not any(round_.failures or round_.storage or any(round_.traps) for round_ in self.rounds)
