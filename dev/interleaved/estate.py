"""What there is to ask: log blobs, the table and quarantine, in memory; and what holds whenever they are written."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import orjson

from dev.interleaved.loom import Fate
from shared.errors import Outdated, Overtaken
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.entry import Entry
from shared.storage.logs import Block, Snapshot

if TYPE_CHECKING:
    from shared.storage.watermarks import Watermark

START: Final = datetime(2026, 11, 23, 15, 45, tzinfo=UTC)
_HEAD: Final = b'{"records":['
_CLOSER: Final = b"]}"
_MAC: Final = "000D3AF87856"
_NAME: Final = (
    "resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG"
    "/y=2026/m=11/d=23/h=15/m=00/macAddress={number:012X}/PT1H.json"
)


class Wrong(Exception):
    """Something that must hold does not."""


@dataclass(eq=False, slots=True)
class Log:
    """A log blob that grows.

    Attributes:
        blob: Its name.
        blocks: What is committed, without the closer.
        ports: The source ports of the tuples in it, by which they are known.
        etag: Of the latest commit; "" before the first.
        rewritten: How often it began anew.
        commits: When each commit was made, and the ports in it.
    """

    blob: LogBlob
    blocks: list[bytes] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)
    etag: str = ""
    modified: datetime = START
    rewritten: int = 0
    commits: list[tuple[float, Sequence[int]]] = field(default_factory=list)

    @classmethod
    def numbered(cls, number: int) -> "Log":
        blob = parse_blob_name(LogKind.NSG.container, _NAME.format(number=number))
        assert blob is not None
        return cls(blob)

    @property
    def data(self) -> bytes:
        return b"".join((_HEAD, *self.blocks, _CLOSER))

    def snapshot(self) -> Snapshot:
        parts = [_HEAD, *self.blocks, _CLOSER]
        # The closer's id is that of its commit: only what comes before it stays.
        ids = [f"{self.rewritten}-{number}" for number in range(len(parts) - 1)] + [self.etag]
        blocks = tuple(Block(name, len(part)) for name, part in zip(ids, parts, strict=True))
        return Snapshot(self.etag, sum(map(len, parts)), self.modified, blocks)

    def read(self, snapshot: Snapshot, start: int, end: int) -> bytes:
        if snapshot.etag != self.etag:
            raise Overtaken("It was committed again.")
        return self.data[start:end]


def record(ports: Iterable[int]) -> bytes:
    """Return an NSG record with a tuple for each source port."""
    tuples = [f"1795447800,10.0.0.4,13.107.21.200,{port},443,T,O,A,B,,,," for port in ports]
    rules = [{"rule": "UserRule_a", "flows": [{"mac": _MAC, "flowTuples": tuples}]}]
    return orjson.dumps(
        {
            "time": "2026-11-23T15:45:00.0000000Z",
            "macAddress": _MAC,
            "category": "NetworkSecurityGroupFlowEvent",
            "resourceId": "/SUBSCRIPTIONS/S",
            "properties": {"Version": 2, "flows": rules},
        }
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever wrote a claim: an invocation of a process, at one log blob."""

    fate: Fate
    visit: object
    log: LogBlob


class Estate:
    """Everything that is stored.

    Attributes:
        logs: The log blobs.
        entries, pointers, watermark: What the table holds.
        quarantine: The keys under which something was set aside, and the ports in it.
        counts: How often each thing happened that schedules are to bring about.
        on_the_wire: How many posts of a holder are under way.
        noted: When a pointer, a claim or a mark was last written for a log.
    """

    def __init__(self, logs: int, now: Callable[[], float], *, holders_are_left_alone: bool) -> None:
        self.now = now
        self._holders_are_left_alone = holders_are_left_alone
        self.logs = {log.blob: log for log in map(Log.numbered, range(logs))}
        self.entries: dict[LogBlob, Entry] = {}
        self.pointers: dict[LogBlob, tuple[str, datetime]] = {}
        self.watermark: tuple[Watermark, str] | None = None
        self.quarantine: dict[str, set[int]] = {}
        self.counts: Counter[str] = Counter()
        self.on_the_wire: Counter[Holder] = Counter()
        self.noted: dict[LogBlob, float] = {}
        self._holders: dict[str, Holder] = {}
        self._etags = 0

    def new_etag(self) -> str:
        self._etags += 1
        return f'"{self._etags}"'

    def commit(self, log: Log, ports: Sequence[int], now: float, *, rewrite: bool) -> None:
        if rewrite:
            log.blocks, log.ports, log.rewritten = [], set(), log.rewritten + 1
        log.blocks.append((b"," if log.blocks else b"") + record(ports))
        log.ports.update(ports)
        log.commits.append((now, ports))
        log.etag, log.modified = self.new_etag(), START + timedelta(seconds=now)

    def insert(self, log: LogBlob, entry: Entry, by: Holder) -> Entry:
        if log in self.entries:
            raise Outdated("There is one.")
        return self._store(log, entry, by)

    def replace(self, log: LogBlob, entry: Entry, etag: str, by: Holder) -> Entry:
        self._check(log, etag)
        self._watch(self.entries[log], entry, by)
        return self._store(log, entry, by)

    def holder(self, log: LogBlob) -> Holder | None:
        """Return who holds a log blob by what is stored."""
        entry = self.entries.get(log)
        return self._holders.get(entry.holder) if entry is not None and entry.holder else None

    def mark(self, log: LogBlob, etag: str) -> str:
        self._check(log, etag)
        self.counts["marked"] += 1
        self.noted[log] = self.now()
        marked = replace(self.entries[log], marked=True, etag=self.new_etag())
        self.entries[log] = marked
        return marked.etag

    def delete(self, log: LogBlob, etag: str) -> None:
        self._check(log, etag)
        if self.entries[log].holder:
            raise Wrong("the checkpoint of a log that is held was deleted")
        del self.entries[log]

    def _check(self, log: LogBlob, etag: str) -> None:
        if log not in self.entries or etag not in {self.entries[log].etag, "*"}:
            raise Outdated("Another version is there, or none.")

    def _store(self, log: LogBlob, entry: Entry, by: Holder) -> Entry:
        if entry.holder and entry.holder not in self._holders:
            self._holders[entry.holder] = by
            self.noted[log] = self.now()
        stored = replace(entry, etag=self.new_etag())
        self.entries[log] = stored
        return stored

    def _watch(self, before: Entry, after: Entry, by: Holder) -> None:
        old, new = before.checkpoint, after.checkpoint
        if (new.generation, new.offset, new.batch) < (old.generation, old.offset, old.batch):
            raise Wrong("the checkpoint goes back")
        if new.generation == old.generation and set(old.halved) - set(new.halved):
            raise Wrong("that a batch was halved is forgotten")
        if new.generation > self.logs[by.log].rewritten:
            raise Wrong("a log that was not rewritten is read from its start again")
        if not before.holder or before.holder == after.holder:
            return
        holder = self._holders[before.holder]
        if after.holder:
            self.counts["taken over"] += 1
            if self._holders_are_left_alone:
                raise Wrong("a living holder is taken over")
        elif holder != by:
            raise Wrong("a claim was given up by somebody else")
        if self.on_the_wire[holder] and holder.fate.alive and holder.fate.asleep_until <= self.now():
            raise Wrong("a claim ends while a post of its holder is on the wire")
