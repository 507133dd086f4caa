"""A process of the function app: delivery's own worker and sweep, with an estate in memory to ask."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Final, cast

import orjson

from dev.interleaved.estate import START
from dev.interleaved.line import Line
from dev.interleaved.loom import Fate, Task
from dev.interleaved.scene import Scene
from shared.apigw.client import LONGEST_SECONDS, Receipt
from shared.clock import Deadline
from shared.delivery.breaker import Refusals
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.horizon import Horizon, whole_hour
from shared.delivery.sweep import Sweep
from shared.delivery.worker import Worker
from shared.errors import Outdated, SluiceError, Vanished
from shared.flowlog import LogBlob, LogKind
from shared.storage.entry import Entry, Summary
from shared.storage.log_listings import ListedLog
from shared.storage.logs import Snapshot
from shared.storage.pointers import Pointer
from shared.storage.storage_clock import StorageClock
from shared.storage.watermarks import Watermark

if TYPE_CHECKING:
    from shared.storage.checkpoints import Checkpoints
    from shared.storage.logs import FlowLogAccount
    from shared.storage.pointers import Pointers
    from shared.storage.watermarks import Watermarks

OLDEST: Final = whole_hour(START)
_RECORDS_A_BATCH: Final = 4
_AGED: Final = timedelta(hours=1)


class Process(Fate):
    """A process, which lives until the schedule kills it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene = scene
        self.skew = scene.random.uniform(-scene.faults.skew, scene.faults.skew)
        clock = Clock(self)
        storage_clock = StorageClock(clock)
        line = Line(scene, self, storage_clock, clock.monotonic)
        entries, pointers, logs = _Entries(line, scene), _Pointers(line, scene), _Logs(line, scene)
        posts = scene.random.choice((1, 2, 4))
        collaborators = Collaborators(_Gateway(line, scene), _Quarantine(line, scene), Refusals(), clock, posts)
        claims = Claims(entries, pointers, storage_clock, clock)
        self._worker = Worker(logs, claims, collaborators, lambda _kind: OLDEST, _RECORDS_A_BATCH)
        self._sweep = Sweep(
            LogKind.NSG,
            self._worker,
            cast("FlowLogAccount", logs),
            cast("Checkpoints", entries),
            cast("Pointers", pointers),
            Horizon(cast("Watermarks", _Watermarks(line, scene)), clock, OLDEST),
            clock,
        )
        self._clock = clock
        self._sweeping: Task | None = None

    def event(self, log: LogBlob) -> None:
        """Begin an invocation for an event."""
        self.scene.loom.spawn(self, object(), lambda: self._worker.handle(log.kind.container, log.name))

    def sweep(self) -> Callable[[], bool]:
        """Begin a sweep, if none is under way in this process; return what tells whether it has ended."""
        if self._sweeping is None or self._sweeping.done:
            self._sweeping = self.scene.loom.spawn(self, object(), self._swept)
        task = self._sweeping
        return lambda: task.done

    def _swept(self) -> None:
        try:
            for _ in self._sweep.run(Deadline(self._clock, 150.0)):
                pass
        except SluiceError:
            self.scene.estate.counts["sweeps in trouble"] += 1


class Clock:
    """A process's own clock: its time of day is off, and what it measures runs on while it sleeps."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def now(self) -> datetime:
        return START + timedelta(seconds=self.process.scene.loom.now)

    def monotonic(self) -> float:
        return 1000.0 + self.process.scene.loom.now + self.process.skew

    def wait(self, event: Event, seconds: float) -> bool:
        self.process.scene.loom.pause(seconds, until=event.is_set)
        return event.is_set()


class _Asked:
    def __init__(self, line: Line, scene: Scene) -> None:
        self.line = line
        self.scene = scene
        self.estate = scene.estate


class _Entries(_Asked):
    # As Checkpoints.
    def read(self, log: LogBlob) -> Entry | None:
        return self.line.ask_table(lambda: self.estate.entries.get(log))

    def insert(self, log: LogBlob, entry: Entry) -> Entry:
        by = self.line.by(log)
        return self.line.ask_table(lambda: self.estate.insert(log, entry, by), repeats=False)

    def replace(self, log: LogBlob, entry: Entry, known: Entry) -> Entry:
        by = self.line.by(log)
        return self.line.ask_table(lambda: self.estate.replace(log, entry, known.etag, by))

    def mark(self, log: LogBlob, known: Entry) -> Entry:
        etag = self.line.ask_table(lambda: self.estate.mark(log, known.etag), repeats=False)
        return replace(known, marked=True, etag=etag)

    def delete(self, log: LogBlob, listed: Summary) -> None:
        with contextlib.suppress(Outdated):
            self.line.ask_table(lambda: self.estate.delete(log, listed.etag))

    def listed(self, _kind: LogKind, start: datetime, end: datetime) -> Iterator[Summary]:
        found = self.line.ask_table(lambda: dict(self.estate.entries))
        return (_summary(entry) for log, entry in found.items() if start <= log.hour < end)

    def listed_before(self, kind: LogKind, end: datetime) -> Iterator[Summary]:
        return self.listed(kind, datetime.min.replace(tzinfo=UTC), end)

    def remove_overflows(self, _kind: LogKind, _end: datetime, _written_before: datetime) -> None:
        pass


def _summary(entry: Entry) -> Summary:
    made = entry.checkpoint
    return Summary(made.blob, made.etag, made.offset, made.state, entry.moved, "", entry.etag)


class _Pointers(_Asked):
    def write(self, log: LogBlob) -> str:
        def act() -> str:
            self.estate.pointers[log] = (self.estate.new_etag(), self._now)
            self.estate.noted[log] = self.scene.loom.now
            return self.estate.pointers[log][0]

        return self.line.ask_table(act)

    def remove(self, log: LogBlob, etag: str) -> None:
        def act() -> None:
            if log not in self.estate.pointers or self.estate.pointers[log][0] != etag:
                raise Outdated("It is another's, or gone.")
            del self.estate.pointers[log]

        self.line.ask_table(act)

    def before(self, _kind: LogKind, end: datetime) -> Iterator[Pointer]:
        found, now = self.line.ask_table(lambda: (dict(self.estate.pointers), self._now))
        return (Pointer(log, etag, now - at >= _AGED) for log, (etag, at) in found.items() if log.hour < end)

    @property
    def _now(self) -> datetime:
        return START + timedelta(seconds=self.scene.loom.now)


class _Logs(_Asked):
    # As FlowLogAccount.
    name = "logs"

    def snapshot(self, log: LogBlob) -> Snapshot:
        def act() -> Snapshot:
            found = self.estate.logs[log]
            if not found.etag:
                raise Vanished(f"{log.name} is gone.")
            return found.snapshot()

        return self.line.ask(act)

    def read(self, log: LogBlob, snapshot: Snapshot, start: int, end: int) -> bytes:
        return self.line.ask(lambda: self.estate.logs[log].read(snapshot, start, end))

    def is_listed(self, log: LogBlob) -> bool:
        return self.line.ask(lambda: bool(self.estate.logs[log].etag))

    def roots(self, _kind: LogKind) -> Iterator[str]:
        return iter([next(iter(self.estate.logs)).resource])

    def entries(self, _kind: LogKind, prefix: str) -> Iterator[ListedLog]:
        def act() -> list[ListedLog]:
            logs = [log for log in self.estate.logs.values() if log.etag and log.blob.name.startswith(prefix)]
            return [ListedLog(log.blob, len(log.data), log.modified, log.etag) for log in logs]

        return iter(self.line.ask(act))

    listed = entries

    def misplaced(self, *_: object) -> Iterator[ListedLog]:
        return iter(())

    elsewhere = misplaced


class _Watermarks(_Asked):
    def load(self, _kind: LogKind) -> tuple[Watermark, str] | None:
        return self.line.ask_table(lambda: self.estate.watermark)

    def create(self, kind: LogKind, watermark: Watermark) -> None:
        self.save(kind, watermark, "")

    def save(self, _kind: LogKind, watermark: Watermark, etag: str) -> str:
        def act() -> str:
            if self.estate.watermark is not None and self.estate.watermark[1] != etag:
                raise SluiceError("Another sweep is running.")
            self.estate.watermark = (watermark, self.estate.new_etag())
            return self.estate.watermark[1]

        return self.line.ask_table(act)


class _Gateway(_Asked):
    def post_flow_logs(
        self, body: bytes, _lines: int, key: str, blob: str | None = None, seconds: float = LONGEST_SECONDS
    ) -> Receipt:
        log = next(log for log in self.estate.logs if blob is not None and blob.endswith(log.name))
        return self.scene.gateway.post(body, key, self.line.by(log), seconds)


class _Quarantine(_Asked):
    def put(self, log: LogBlob, key: str, lines: Sequence[bytes]) -> None:
        def act() -> None:
            records = [orjson.loads(orjson.loads(line)["raw"]) for line in lines]
            self.estate.quarantine[f"{log.name}/{key}"] = {each["src_port"] for each in records}

        self.line.ask(act)
