"""Whatever comes in storage's place ends in what there is, or in a sentence: at every operation, with every fault."""

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
from azure.core.pipeline.policies import RetryPolicy
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble, drawn
from shared.errors import ContainerMissing, HeldElsewhere, Outdated, Overtaken, StorageAway
from shared.flowlog import LogBlob, LogKind
from shared.services import make_places
from shared.storage.answers import CheckedRetry
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.entry import Entry, Summary
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers
from shared.storage.quarantine import QuarantineContainer
from shared.storage.storage_clock import StorageClock
from shared.storage.watermarks import Watermark, Watermarks
from tests.long import first_of_each
from tests.support.account import reached, table_of
from tests.support.logs import HOUR, GrowingLog, log_blob
from tests.support.time import StillClock

# Of a download that it repeats after a 500, the library leaves the body unread, and its connection to be collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

NSG = LogKind.NSG
LOG, BIG_LOG = log_blob(), log_blob(mac="0" * 12)
ENTRY = Entry(Checkpoint(LOG.name, Layout.BLOCKS, CutRule(1, 10)), HOUR, pointer="P")
BIG_ENTRY = Entry(
    replace(ENTRY.checkpoint, blob=BIG_LOG.name, halved=tuple((each, (1, 2, each)) for each in range(40_000))), HOUR
)
WATERMARK = Watermark(HOUR, HOUR, HOUR, HOUR)
LATER = HOUR + timedelta(hours=1)
ONLY_TIME = {StorageFault.BLOB_404, StorageFault.DELAYED, StorageFault.LATE}
"""A lie that takes a second question, and two that look like no fault and like a reset, and only take time."""
STATUS = frozenset({StorageFault.BROKEN, StorageFault.BUSY})
HEALED = STATUS | {StorageFault.RESET_BEFORE, StorageFault.RESET_AFTER, StorageFault.TWICE}
"""What the library's own repetition mends, so that the result is as if nothing had happened."""
REFUSED_AGAIN = STATUS | {StorageFault.RESET_BEFORE}
"""Of these for a write that names a version: a repetition may be refused for what the first one wrote."""
NOTHING_YET = ((StorageFault.CONTAINER_404, []), (StorageFault.CONTAINER_404, None))
"""Before the first run the app's own containers are missing, and there is nothing in them."""


class Kept:
    """A log blob, and everything that Sluice keeps about one, asked through the proxy."""

    def __init__(self, control: StorageControl, account: StorageAccount) -> None:
        self._control = control
        self._account = account
        before = control.before(account)
        direct, table = reached(account), table_of(account, StillClock())
        make_places(direct, table)
        self.straight = Stores(direct, table)
        self.through = Stores(reached(before), table_of(before, StillClock()), self.straight)
        GrowingLog(account, LOG).minute(1)
        self.straight.checkpoints.insert(LOG, ENTRY)
        self.straight.pointers.write(LOG)
        self.straight.watermarks.create(NSG, WATERMARK)
        self.straight.quarantine.put(LOG, "abc", [b"{}"])

    def meets(self, operation: Operation, fault: StorageFault, times: int = 1, nth: int = 1) -> None:
        self._control.plan([self._account], [StorageTrouble(operation, nth, fault, times)])

    def is_left_alone(self) -> None:
        """Let storage answer rightly."""
        self._control.plan([self._account], [])
        self._control.settle([self._account])


class Stores:
    """What Sluice asks of storage; of a write it tells whether what it returned is what is stored, for sure."""

    def __init__(self, service: BlobServiceClient, table: TableClient, straight: "Stores | None" = None) -> None:
        self.service = service
        self.table = table
        self.logs = FlowLogAccount(service)
        self.checkpoints = Checkpoints(table, service, "logs")
        self.pointers = Pointers(table, self.logs.name, "logs", StorageClock(StillClock()))
        self.watermarks = Watermarks(table, self.logs.name, "logs")
        self.quarantine = QuarantineContainer(service)
        self.dead_letters = DeadLetters(service)
        self._straight = straight or self
        self._new_logs = (log_blob(HOUR + timedelta(days=9), f"{number:012X}") for number in count())

    def read(self) -> bytes:
        return self.logs.read(LOG, self.logs.snapshot(LOG), 0, 20)

    def inserted(self, entry: Entry = ENTRY) -> bool:
        log = next(self._straight._new_logs)
        entry = replace(entry, checkpoint=replace(entry.checkpoint, blob=log.name))
        return self._is_stored(log, self.checkpoints.insert(log, entry))

    def replaced(self) -> bool:
        known = self._known(LOG)
        return self._is_stored(LOG, self.checkpoints.replace(LOG, known, known))

    def marked(self) -> bool:
        return self._is_stored(LOG, self.checkpoints.mark(LOG, self._known(LOG)))

    def deleted(self) -> None:
        log = next(self._straight._new_logs)
        entry = replace(ENTRY, checkpoint=replace(ENTRY.checkpoint, blob=log.name))
        etag = self._straight.checkpoints.insert(log, entry).etag
        self.checkpoints.delete(log, Summary(log.name, "", 0, State.CLOSED, HOUR, "", etag))

    def kept_whole(self) -> Checkpoint:
        if self._straight.checkpoints.read(BIG_LOG) is None:
            self._straight.checkpoints.insert(BIG_LOG, BIG_ENTRY)
        found = self.checkpoints.read(BIG_LOG)
        assert found is not None
        return found.checkpoint

    def written_pointer(self) -> bool:
        etag = self.pointers.write(LOG)
        return (LOG, etag) in {(each.log, each.etag) for each in self._straight.pointers.before(NSG, LATER)}

    def removed_pointer(self) -> bool:
        etag = self._straight.pointers.write(BIG_LOG)
        self.pointers.remove(BIG_LOG, etag)
        return BIG_LOG not in {each.log for each in self._straight.pointers.before(NSG, LATER)}

    def pointed_at(self) -> set[LogBlob]:
        return {each.log for each in self.pointers.before(NSG, LATER)} - {BIG_LOG}

    def moved(self) -> bool:
        found = self._straight.watermarks.load(NSG)
        assert found is not None
        etag = self.watermarks.save(NSG, found[0], found[1])
        return self._straight.watermarks.load(NSG) == (found[0], etag)

    def edited(self) -> list[bytes]:
        (blob,) = self.quarantine.listed()
        lines, etag = self.quarantine.read(blob.name)
        self.quarantine.replace(blob.name, lines, etag)
        return lines

    def _known(self, log: LogBlob) -> Entry:
        found = self._straight.checkpoints.read(log)
        assert found is not None
        return found

    def _is_stored(self, log: LogBlob, written: Entry) -> bool:
        return self._straight.checkpoints.read(log) == written


@dataclass(frozen=True)
class Ask:
    """What is asked; which of its requests meets a fault; what mends itself; and lies that no answer gives away."""

    operation: Operation
    ask: Callable[[Stores], object]
    nth: int = 1
    healed: frozenset[StorageFault] = HEALED
    lies: frozenset[StorageFault] = frozenset()
    as_if: Operation | None = None

    @property
    def faults(self) -> list[StorageFault]:
        """Return the faults that the operation can meet."""
        drawn_ = drawn(self.as_if or self.operation)
        return [fault for fault in drawn_ if fault not in ONLY_TIME and fault not in self.lies]


ABSENT = frozenset({StorageFault.RESOURCE_404})
UNDONE = frozenset({StorageFault.EMPTY_204})
"""Deletes have no more than that to say."""
ASKS = {
    "snapshot": Ask(Operation.BLOCK_LIST, lambda at: at.logs.snapshot(LOG)),
    "range": Ask(Operation.READ, Stores.read),
    "ETag": Ask(Operation.PROPERTIES, lambda at: at.logs.etag(LOG)),
    "resources": Ask(Operation.LIST, lambda at: list(at.logs.resources(NSG))),
    "log blobs": Ask(Operation.LIST, lambda at: list(at.logs.listed(NSG, ""))),
    "names": Ask(Operation.LIST, lambda at: list(at.logs.misplaced(NSG, LOG.resource, HOUR, HOUR))),
    "checkpoint": Ask(Operation.CHECKPOINT_READ, lambda at: at.checkpoints.read(LOG), lies=ABSENT),
    "long checkpoint": Ask(Operation.LOAD, Stores.kept_whole),
    "first checkpoint": Ask(Operation.CHECKPOINT_INSERT, Stores.inserted, healed=STATUS),
    "first long checkpoint": Ask(Operation.WRITE, lambda at: at.inserted(BIG_ENTRY), healed=REFUSED_AGAIN),
    "saved checkpoint": Ask(Operation.CHECKPOINT_REPLACE, Stores.replaced, healed=REFUSED_AGAIN),
    "marked checkpoint": Ask(Operation.CHECKPOINT_REPLACE, Stores.marked, healed=STATUS),
    "deleted checkpoint": Ask(Operation.CHECKPOINT_DELETE, Stores.deleted),
    "checkpoints": Ask(Operation.CHECKPOINT_QUERY, lambda at: list(at.checkpoints.listed(NSG, HOUR, LATER))),
    "old checkpoints": Ask(Operation.CHECKPOINT_QUERY, lambda at: list(at.checkpoints.listed_before(NSG, LATER))),
    "pointer": Ask(Operation.POINTER_REPLACE, Stores.written_pointer),
    "removed pointer": Ask(Operation.POINTER_DELETE, Stores.removed_pointer, healed=REFUSED_AGAIN, lies=UNDONE),
    "pointers": Ask(Operation.POINTER_QUERY, Stores.pointed_at),
    "watermark": Ask(Operation.WATERMARK_READ, lambda at: at.watermarks.load(NSG), lies=ABSENT),
    "first watermark": Ask(Operation.WATERMARK_INSERT, lambda at: at.watermarks.create(NSG, WATERMARK), healed=STATUS),
    "moved watermark": Ask(Operation.WATERMARK_REPLACE, Stores.moved),
    "quarantine": Ask(Operation.LIST, lambda at: [each.name for each in at.quarantine.listed()]),
    "quarantined": Ask(Operation.WRITE, lambda at: at.quarantine.put(LOG, "abc", [b"{}"])),
    "edited": Ask(Operation.WRITE, Stores.edited),
    "dead letters": Ask(Operation.LIST, lambda at: at.dead_letters.count_since(HOUR)),
    "containers": Ask(Operation.OTHER, lambda at: make_places(at.service, at.table)),
    "table": Ask(
        Operation.OTHER,
        lambda at: make_places(at.service, at.table),
        nth=3,
        healed=STATUS,
        as_if=Operation.CHECKPOINT_INSERT,
    ),
}


@pytest.fixture
def kept(wrong_storage, account):
    return Kept(wrong_storage, account)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(CheckedRetry, "get_backoff_time", lambda *_: 0)
    monkeypatch.setattr(RetryPolicy, "get_backoff_time", lambda *_: 0)
    monkeypatch.setattr("azure.storage.blob._download.time.sleep", lambda _seconds: None)
    yield
    gc.collect()


@pytest.mark.parametrize("times", [1, pytest.param(9, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", first_of_each(ASKS, 2))
def test_a_wrong_answer_ends_in_what_there_is_or_in_a_sentence(name, times, kept):
    ask = ASKS[name]
    expected = ask.ask(kept.straight)
    wrong = []
    for fault in ask.faults:
        kept.meets(ask.operation, fault, times, ask.nth)
        try:
            found = ask.ask(kept.through)
            is_right = found == expected or (fault, found) in NOTHING_YET
        except (StorageAway, HeldElsewhere, Outdated, Overtaken) as trouble:
            is_right = str(trouble).endswith(".") and (times > 1 or fault not in ask.healed)
            found = trouble
        if not is_right:
            wrong.append((fault, found))
        kept.is_left_alone()
        expected = ask.ask(kept.straight)
    assert wrong == []


@pytest.mark.parametrize("name", ["checkpoint", "watermark", "checkpoints", "old checkpoints", "pointers"])
@pytest.mark.parametrize("fault", [StorageFault.TABLE_404, StorageFault.PAGE_404])
def test_only_the_words_of_storage_for_it_are_absence(name, fault, kept):
    ask = ASKS[name]
    kept.meets(ask.operation, fault)
    with pytest.raises(StorageAway):
        ask.ask(kept.through)


@pytest.mark.parametrize("name", ["resources", "log blobs", "names"])
def test_a_container_that_is_missing_is_reported_in_storage_s_own_words_alone(name, kept):
    ask = ASKS[name]
    for fault, is_missing in ((StorageFault.CONTAINER_404, True), (StorageFault.PAGE_404, False)):
        kept.meets(ask.operation, fault)
        with pytest.raises(StorageAway) as raised:
            ask.ask(kept.through)
        assert isinstance(raised.value, ContainerMissing) == is_missing


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (StorageFault.PAGE_200, "Something other than storage answered for storage account"),
        (StorageFault.PAGE_404, "not in storage's own form (status 404)"),
        (StorageFault.EMPTY_200, "not a complete <BlockList>"),
        (StorageFault.OTHER_XML, "not a complete <BlockList>"),
        (StorageFault.SHORT, "not a complete <BlockList>"),
        (StorageFault.GARBLED_XML, "its list of blocks can't be read (ValueError)"),
        (StorageFault.DAMAGED_XML, "its list of blocks can't be read (ParseError)"),
        (StorageFault.STALE, "belongs to another request"),
        (StorageFault.FORBIDDEN, "forbids this (AuthorizationFailure)"),
        (StorageFault.RESOURCE_404, "answered 404 (ResourceNotFound)"),
    ],
)
def test_the_sentence_says_what_came(fault, words, kept):
    kept.through.logs.snapshot(LOG)
    kept.meets(Operation.BLOCK_LIST, fault)
    with pytest.raises(StorageAway) as raised:
        kept.through.logs.snapshot(LOG)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (StorageFault.EMPTY_200, "not the requested range (status 200)"),
        (StorageFault.SHORT, "its length is not that of the requested range"),
        (StorageFault.CUT, "broke, or its answer was damaged, while it was being read"),
        (StorageFault.STALE, "belongs to another request"),
    ],
)
def test_the_sentence_says_what_came_in_place_of_a_range(fault, words, kept):
    kept.through.read()
    kept.meets(Operation.READ, fault, 9)
    with pytest.raises(StorageAway) as raised:
        kept.through.read()
    assert words in str(raised.value)
