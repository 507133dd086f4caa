"""Whatever takes long, fails or stands in the way: no sweep loses sight of a log, and each log has its turn."""

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery.breaker import Breaker
from shared.delivery.horizon import Horizon
from shared.delivery.hours import is_over
from shared.delivery.report import Outcome, Report, Tally
from shared.delivery.sweep import Sweep
from shared.errors import ContainerMissing, SluiceError, StorageAway
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.checkpoint import State
from shared.storage.entry import Summary
from shared.storage.log_listings import ListedLog
from shared.storage.pointers import Pointer
from shared.storage.watermarks import Watermark
from tests.examples import examples
from tests.support.logs import HOUR
from tests.support.time import StillClock

NSG = LogKind.NSG
H = timedelta(hours=1)
RESOURCES = ["resourceId=/A", "resourceId=/A-1", "resourceId=/B"]
HOURS = range(6)


def blob(resource: str, hours: int, card: int) -> LogBlob:
    hour = HOUR + hours * H
    name = f"{resource}/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/macAddress={card:012X}/PT1H.json"
    log = parse_blob_name(NSG.container, name)
    assert log is not None
    return log


BLOBS = st.builds(blob, st.sampled_from(RESOURCES), st.sampled_from(HOURS), st.integers(0, 4))


@dataclass
class Estate:
    """Log blobs, checkpoints and a watermark, in memory: what a sweep sees of storage."""

    clock: StillClock
    commits: dict[LogBlob, int] = field(default_factory=dict)
    kept: dict[LogBlob, tuple[str, State]] = field(default_factory=dict)
    stored: Watermark | None = None
    writes: int = 0
    listing_fails: str = ""
    is_missing: bool = False

    name = "logs"

    def etag(self, log: LogBlob) -> str:
        return f'"{self.commits[log]}"'

    # The flow-log account.
    def roots(self, _kind):
        if self.is_missing or not self.commits:
            raise ContainerMissing("There is no container.")
        return iter(sorted({log.resource for log in self.commits}))

    def entries(self, _kind, prefix):
        if self.listing_fails and prefix.startswith(f"{self.listing_fails}/"):
            raise StorageAway("It is away.")
        for log in sorted(self.commits, key=lambda log: log.name):
            if log.name.startswith(prefix):
                yield ListedLog(log, 1, log.hour, self.etag(log))

    listed = entries

    def misplaced(self, *_):
        return iter(())

    elsewhere = misplaced

    # The checkpoints.
    def summaries(self):
        for log, (etag, state) in self.kept.items():
            yield log, Summary(log.name, etag, 1, state, log.hour, overflow="", etag="")

    def listed_checkpoints(self, start, end):
        return (summary for log, summary in self.summaries() if start <= log.hour < end)

    def pointers(self, end):
        return (
            Pointer(log, "", is_aged=True)
            for log, (_, state) in self.kept.items()
            if log.hour < end and state is State.OPEN
        )

    def delete(self, log):
        del self.kept[log]

    # The watermark.
    def load(self, _kind):
        return None if self.stored is None else (self.stored, str(self.writes))

    def create(self, _kind, watermark):
        self.save(_kind, watermark, "")

    def save(self, _kind, watermark, _etag):
        self.stored, self.writes = watermark, self.writes + 1
        return str(self.writes)


@dataclass
class Checkpoints:
    """The estate's checkpoints and pointers under the names that a sweep calls."""

    estate: Estate

    def listed(self, _kind, start, end):
        return self.estate.listed_checkpoints(start, end)

    def listed_before(self, _kind, end):
        return list(self.estate.listed_checkpoints(datetime.min.replace(tzinfo=UTC), end))

    def delete(self, log, _summary):
        self.estate.delete(log)

    def remove_overflows(self, _kind, _end, _written_before):
        pass

    def before(self, _kind, end):
        return self.estate.pointers(end)


@dataclass
class Worker:
    """Delivers a log in ten seconds, or fails at it, or leaves it open."""

    estate: Estate
    breaker: Breaker
    fails: frozenset[LogBlob] = frozenset()
    leaves_open: frozenset[LogBlob] = frozenset()

    def deliver(self, log, _deadline, _pointer):
        self.estate.clock.move(10)
        if log in self.fails:
            return Report(log.name, Outcome.RETRY_LATER, Tally(), 0)
        if log in self.leaves_open:
            self.estate.kept[log] = ("", State.OPEN)
            return Report(log.name, Outcome.INCOMPLETE, Tally(), 0)
        over = is_over(log, self.estate.clock.now())
        self.estate.kept[log] = (self.estate.etag(log), State.CLOSED if over else State.OPEN)
        return Report(log.name, Outcome.DELIVERED, Tally(), 0)


@dataclass(frozen=True)
class Step:
    """What happens before a sweep, and how that goes."""

    commits: frozenset[LogBlob]
    hours: float
    seconds: float
    fails: frozenset[LogBlob]
    leaves_open: frozenset[LogBlob]
    listing_fails: str
    is_missing: bool


FEW = st.frozensets(BLOBS, max_size=6)
STEPS = st.builds(
    Step,
    st.frozensets(BLOBS, max_size=8),
    st.sampled_from([0.0, 0.2, 1.0, 3.0]),
    st.sampled_from([25.0, 60.0, 1000.0]),
    FEW,
    FEW,
    st.sampled_from(["", "", "", *RESOURCES]),
    st.sampled_from([False, False, False, True]),
)


def out_of_sight(estate: Estate) -> list[LogBlob]:
    """Return what is not delivered, and neither begun nor in an hour that is still swept.

    Of a container that was never seen nothing is: once it is, everything is looked through.
    """
    assert estate.stored is not None
    if not estate.stored.existed:
        return []
    return [log for log in estate.commits if log.hour < estate.stored.hour and not _is_in_sight(estate, log)]


def _is_in_sight(estate: Estate, log: LogBlob) -> bool:
    etag, state = estate.kept.get(log, ("", State.CLOSED))
    return state is State.OPEN or etag == estate.etag(log)


@settings(max_examples=examples(100))
@given(st.lists(STEPS, max_size=8))
def test_nothing_gets_out_of_sight_and_in_the_end_all_is_delivered(steps):
    clock = StillClock(HOUR + H / 2)
    estate = Estate(clock)
    horizon = Horizon(estate, clock, HOUR)
    worker = Worker(estate, Breaker(clock))
    kept = Checkpoints(estate)
    sweep = Sweep(NSG, worker, estate, kept, kept, horizon, clock)

    def run(seconds: float) -> None:
        with contextlib.suppress(SluiceError):
            list(sweep.run(clock.deadline(seconds)))

    for step in steps:
        clock.move(step.hours * 3600)
        for log in step.commits:
            # Azure writes into an hour until minutes after its end, and never into one that is to come.
            if log.hour <= clock.now() < log.hour + 2 * H:
                estate.commits[log] = estate.commits.get(log, 0) + 1
        worker.fails, worker.leaves_open = step.fails, step.leaves_open
        estate.listing_fails, estate.is_missing = step.listing_fails, step.is_missing
        run(step.seconds)
        assert out_of_sight(estate) == []
    worker.fails = worker.leaves_open = frozenset()
    estate.listing_fails, estate.is_missing = "", False
    clock.move(12 * 3600)
    for _ in range(3 + len(estate.commits) // 2):
        run(30)
        assert out_of_sight(estate) == []
    assert {log: state for log, (_, state) in estate.kept.items()} == dict.fromkeys(estate.commits, State.CLOSED)
    assert all(estate.kept[log][0] == estate.etag(log) for log in estate.commits)
