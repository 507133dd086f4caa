"""The cost model: what a month of a flow-log account costs, from what an update and a sweep were measured to take.

It is pure: `benchmarks.scaling` measures, and prints it. Everything that is assumed has a name here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks import prices

HOURS: Final = 730
UPDATES_AN_HOUR: Final = 60
MINUTES: Final = HOURS * 60
SWEEPS: Final = HOURS * 6
DAYS: Final = 30.4
MONTH_SECONDS: Final = HOURS * 3600.0

HOST_SHARE: Final = 0.4
"""Assumed: the part of an instance's CPU that the Functions host takes. No figure is published; for each event, it
answers Event Grid, puts a message into its queue and takes it out, asks for the blob twice, and calls the worker."""
UTILISATION: Final = 0.7
"""Assumed: how busy an instance is when the platform adds another. It looks at the length of the host's queue, so
that short bursts may add instances earlier."""
REQUEST_SECONDS: Final = 0.01
"""Assumed: how long a request to storage takes within a region."""
HOST_ADDS: Final = 700
"""Assumed: bytes that the host adds to each line, such as the operation's id, the instance's name and the category."""
SWEEP_LINES, SWEEP_LINE_BYTES = 2, 330
"""Assumed: lines that a sweep logs, and their length: health and a summary."""
OLD_LINES: Final = 3
"""The old design's log lines an update: the app's own, and two of the host's, taken to be as long."""
CLOSING: Final = {"block list: logs": 1, "replace entity: checkpoints": 1, "delete entity: pointers": 1}
"""What the new design does once an hour to close a checkpoint, by docs/claims.md; the old one wrote it once more."""
OLD_CLOSING: Final = {"block list: logs": 1, "lease: acquire": 1, "read: checkpoints": 1, "write: checkpoints": 1}
HOST_QUEUE_OPERATIONS: Final = 3
"""The host puts each event into its queue, takes it out and removes it: the least that it can do."""
HOST_READS: Final = 2
"""The host asks for the log blob's properties twice before it calls the function (BlobQueueTriggerExecutor of the
storage extension: GetBlobReferenceFromServerAsync, GetWriterAsync)."""


@dataclass(frozen=True, slots=True)
class Size:
    """An instance size of Flex Consumption."""

    megabytes: int
    cores: float


SIZES: Final = (Size(512, 0.25), Size(2048, 1.0), Size(4096, 2.0))


@dataclass(frozen=True, slots=True)
class Operations:
    """Operations of storage, as they are billed."""

    reads: float = 0.0
    writes: float = 0.0
    lists: float = 0.0
    table: float = 0.0

    @classmethod
    def of(cls, kinds: Mapping[str, float]) -> "Operations":
        """Sort requests by what they do, as `benchmarks.observed` names them."""
        sums = {"reads": 0.0, "writes": 0.0, "lists": 0.0, "table": 0.0}
        for kind, count in kinds.items():
            sums[_meter(kind)] += count
        return cls(**sums)

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(
            self.reads + other.reads, self.writes + other.writes, self.lists + other.lists, self.table + other.table
        )

    def times(self, factor: float) -> "Operations":
        return Operations(self.reads * factor, self.writes * factor, self.lists * factor, self.table * factor)

    @property
    def total(self) -> float:
        return self.reads + self.writes + self.lists + self.table


def _meter(kind: str) -> str:
    does, _, _ = kind.partition(":")
    if does == "query" or does.endswith(" entity"):
        return "table"
    return {"write": "writes", "list": "lists", "find by tag": "lists"}.get(does, "reads")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep takes over all hours that are open, and what tidying adds once a day."""

    operations: Operations
    cpu_seconds: float
    tidying: Operations = Operations()


@dataclass(frozen=True, slots=True)
class Design:
    """How delivery works, as measured.

    Attributes:
        update: Operations an update.
        hourly: Operations that a NIC takes more once an hour, for its first event and to close.
        cpu_seconds: An update's.
        line_bytes: Of a log line, as handed to the host.
        lines_an_update: How many there are an update.
        sweep: By the number of NICs.
    """

    update: Operations
    hourly: Operations
    cpu_seconds: float
    line_bytes: float
    lines_an_update: float
    sweep: Mapping[int, Sweep]


@dataclass(frozen=True, slots=True)
class Instances:
    """The instances that act on events: how many, and the part of the time that each is billed for."""

    count: int
    active: float


@dataclass(frozen=True, slots=True)
class Month:
    """A month's terms in USD.

    Attributes:
        terms: Without the host's queue.
        host_queue: That.
        instances: Those for events.
    """

    terms: Mapping[str, float]
    host_queue: float
    instances: Instances

    @property
    def total(self) -> float:
        return sum(self.terms.values())


def nics_a_core(cpu_seconds: float) -> float:
    """Return how many NICs, with an update a minute each, keep one core as busy as it may be, host included."""
    return UTILISATION * (1 - HOST_SHARE) * 60 / cpu_seconds


def instances(nics: int, cpu_seconds: float, size: Size) -> Instances:
    """Return what events need.

    Updates come at random moments. Whenever an instance becomes active, it is billed for a second at least; what comes
    within that second is in it. So it is billed for rate / (1 + rate) of the time, and never for less than it works.
    """
    rate, seconds = nics * UPDATES_AN_HOUR / 3600, cpu_seconds / (1 - HOST_SHARE) / size.cores
    count = max(1, math.ceil(rate * seconds / UTILISATION))
    each = rate / count
    periods = each * max(prices.LEAST_ACTIVE_SECONDS, seconds)
    return Instances(count, max(periods / (1 + periods), each * seconds))


def month(design: Design, nics: int, size: Size) -> Month:
    """Return what a month costs, term by term."""
    updates, sweep = float(nics * UPDATES_AN_HOUR * HOURS), design.sweep[nics]
    gigabytes = size.megabytes / 1024
    delivering = instances(nics, design.cpu_seconds, size)
    operations = design.update.times(updates) + design.hourly.times(nics * HOURS)
    lines = design.lines_an_update * updates if design.lines_an_update else delivering.count * MINUTES
    swept = sweep.operations.times(SWEEPS) + sweep.tidying.times(DAYS)
    # Other functions than blob triggers have instances of their own ("Per-function scaling").
    sweeping = max(prices.LEAST_ACTIVE_SECONDS, _sweep_seconds(sweep, size)) * SWEEPS
    terms = {
        "executions": prices.EXECUTIONS.of(updates + SWEEPS),
        "Event Grid": prices.EVENT_GRID.of(updates * prices.EVENT_GRID_OPERATIONS),
        "blob reads": prices.BLOB_READS.of(operations.reads),
        "blob writes": prices.BLOB_WRITES.of(operations.writes),
        "table": prices.TABLE.of(operations.table),
        "the host's reads of the blob": prices.BLOB_READS.of(updates * HOST_READS),
        "log bytes handed to the host": prices.LOGS.of(
            lines * design.line_bytes + SWEEPS * SWEEP_LINES * SWEEP_LINE_BYTES
        ),
        "log bytes that the host adds": prices.LOGS.of((lines + SWEEPS * SWEEP_LINES) * HOST_ADDS),
        "instances for events": prices.COMPUTE.of(delivering.count * delivering.active * MONTH_SECONDS * gigabytes),
        "instance for sweeps": prices.COMPUTE.of(sweeping * gigabytes),
        "sweeps: listings": prices.BLOB_LISTS.of(swept.lists),
        "sweeps: other operations": prices.BLOB_READS.of(swept.reads)
        + prices.BLOB_WRITES.of(swept.writes)
        + prices.TABLE.of(swept.table),
        "alert rules": prices.ALERT_RULES.of(1),
    }
    return Month(terms, prices.QUEUE.of(updates * HOST_QUEUE_OPERATIONS), delivering)


def _sweep_seconds(sweep: Sweep, size: Size) -> float:
    return sweep.cpu_seconds / (1 - HOST_SHARE) / size.cores + sweep.operations.total * REQUEST_SECONDS
