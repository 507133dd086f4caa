"""Whatever comes in storage's place ends in what there is, or in a sentence: at every operation, with every fault."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from azure.storage.blob import BlobLeaseClient

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import DRAWN, Operation, StorageFault, StorageTrouble
from shared.errors import ContainerMissing, HeldElsewhere, Overtaken, StorageAway
from shared.flowlog import LogKind
from shared.services import make_containers
from shared.storage.answers import CheckedRetry
from shared.storage.checkpoint import Checkpoint, CutRule, Layout
from shared.storage.checkpoints import CONTAINER, Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.logs import FlowLogAccount
from shared.storage.quarantine import QuarantineContainer
from shared.storage.watermarks import Watermark, Watermarks
from tests.long import first_of_each
from tests.support.account import reached
from tests.support.logs import HOUR, GrowingLog, log_blob
from tests.support.time import StillClock

# Of a download that it repeats after a 500, the library leaves the body unread, and its connection to be collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

NSG = LogKind.NSG
LOG = log_blob()
CHECKPOINT = Checkpoint(LOG.name, Layout.BLOCKS, CutRule(1, 10))
WATERMARK = Watermark(HOUR, HOUR, HOUR, HOUR, HOUR)
LATER = HOUR + timedelta(hours=1)
FAULTS = tuple(
    fault for fault in DRAWN if fault not in {StorageFault.BLOB_404, StorageFault.DELAYED, StorageFault.LATE}
)
"""All but a lie that takes a second question, and two that look like no fault and like a reset, and only take time."""
HEALED = {
    StorageFault.BROKEN,
    StorageFault.BUSY,
    StorageFault.RESET_BEFORE,
    StorageFault.RESET_AFTER,
    StorageFault.TWICE,
}
"""What the library's own repetition mends, so that the result is as if nothing had happened."""
NOTHING_YET = ((StorageFault.CONTAINER_404, []), (StorageFault.CONTAINER_404, None))
"""Before the first run the app's own containers are missing, and there is nothing in them."""


class Kept:
    """A log blob, and everything that Sluice keeps about one, asked through the proxy."""

    def __init__(self, control: StorageControl, account: StorageAccount) -> None:
        self._control = control
        self._account = account
        direct = reached(account)
        make_containers(direct)
        self._container = direct.get_container_client(CONTAINER)
        self.straight = Stores(direct)
        self.through = Stores(reached(control.before(account)))
        GrowingLog(account, LOG).minute(1)
        self.straight.checkpoints.create(LOG, CHECKPOINT)
        self.straight.watermarks.create(NSG, WATERMARK)
        self.straight.quarantine.put(LOG, "abc", [b"{}"])

    def meets(self, operation: Operation, fault: StorageFault, times: int = 1) -> None:
        self._control.plan([self._account], [StorageTrouble(operation, 1, fault, times)])

    def is_left_alone(self) -> None:
        """Let storage answer rightly, and end the leases that could not be given up."""
        self._control.plan([self._account], [])
        self._control.settle([self._account])
        for blob in self._container.list_blobs():
            if blob.lease.state == "leased":
                BlobLeaseClient(self._container.get_blob_client(blob.name)).break_lease(0)


class Stores:
    """What Sluice asks of storage."""

    def __init__(self, service) -> None:
        self.service = service
        self.logs = FlowLogAccount(service)
        self.checkpoints = Checkpoints(service, "logs", StillClock())
        self.watermarks = Watermarks(service, "logs")
        self.quarantine = QuarantineContainer(service)
        self.dead_letters = DeadLetters(service)

    def read(self) -> bytes:
        return self.logs.read(LOG, self.logs.snapshot(LOG), 0, 20)

    def held(self) -> Checkpoint:
        with self.checkpoints.hold(LOG) as held:
            assert held is not None
            return held.load()

    def saved(self) -> None:
        with self.checkpoints.hold(LOG) as held:
            assert held is not None
            held.save(held.load())

    def moved(self) -> str:
        found = self.watermarks.load(NSG)
        assert found is not None
        return bool(self.watermarks.save(NSG, found[0], found[1]))

    def replaced(self) -> list[bytes]:
        (blob,) = self.quarantine.listed()
        lines, etag = self.quarantine.read(blob.name)
        self.quarantine.replace(blob.name, lines, etag)
        return lines


@dataclass(frozen=True)
class Ask:
    operation: Operation
    ask: Callable[[Stores], object]


ASKS = {
    "snapshot": Ask(Operation.BLOCK_LIST, lambda at: at.logs.snapshot(LOG)),
    "range": Ask(Operation.READ, Stores.read),
    "ETag": Ask(Operation.PROPERTIES, lambda at: at.logs.etag(LOG)),
    "resources": Ask(Operation.LIST, lambda at: list(at.logs.resources(NSG))),
    "log blobs": Ask(Operation.LIST, lambda at: list(at.logs.listed(NSG, ""))),
    "names": Ask(Operation.LIST, lambda at: list(at.logs.misplaced(NSG, LOG.resource, HOUR, HOUR))),
    "checkpoint": Ask(Operation.LOAD, lambda at: at.checkpoints.read(LOG)),
    "lease": Ask(Operation.ACQUIRE, Stores.held),
    "end of a lease": Ask(Operation.RELEASE, Stores.held),
    "held checkpoint": Ask(Operation.LOAD, Stores.held),
    "saved checkpoint": Ask(Operation.WRITE, Stores.saved),
    "first checkpoint": Ask(Operation.WRITE, lambda at: at.checkpoints.create(log_blob(LATER), CHECKPOINT)),
    "checkpoints": Ask(Operation.LIST, lambda at: list(at.checkpoints.listed(NSG))),
    "open checkpoints": Ask(Operation.FIND, lambda at: [each.blob for each in at.checkpoints.listed_open(NSG, LATER)]),
    "watermark": Ask(Operation.LOAD, lambda at: at.watermarks.load(NSG)),
    "moved watermark": Ask(Operation.WRITE, Stores.moved),
    "quarantine": Ask(Operation.LIST, lambda at: [each.name for each in at.quarantine.listed()]),
    "quarantined": Ask(Operation.WRITE, lambda at: at.quarantine.put(LOG, "abc", [b"{}"])),
    "replaced": Ask(Operation.WRITE, Stores.replaced),
    "dead letters": Ask(Operation.LIST, lambda at: at.dead_letters.count_since(HOUR)),
    "containers": Ask(Operation.OTHER, lambda at: make_containers(at.service)),
}


@pytest.fixture
def kept(wrong_storage, account):
    return Kept(wrong_storage, account)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(CheckedRetry, "get_backoff_time", lambda *_: 0)
    monkeypatch.setattr("azure.storage.blob._download.time.sleep", lambda _seconds: None)
    yield
    gc.collect()


@pytest.mark.parametrize("times", [1, pytest.param(9, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", first_of_each(ASKS, 2))
def test_a_wrong_answer_ends_in_what_there_is_or_in_a_sentence(name, times, kept):
    ask = ASKS[name]
    expected = ask.ask(kept.straight)
    wrong = []
    for fault in FAULTS:
        kept.meets(ask.operation, fault, times)
        try:
            found = ask.ask(kept.through)
            is_right = found == expected or (fault, found) in NOTHING_YET
        except (StorageAway, HeldElsewhere, Overtaken) as trouble:
            is_right = str(trouble).endswith(".") and (times > 1 or fault not in HEALED)
            found = trouble
        if not is_right:
            wrong.append((fault, found))
        kept.is_left_alone()
    assert wrong == []
    assert ask.ask(kept.straight) == expected


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
        (StorageFault.GARBLED_XML, "returned an answer that can't be read (DeserializationError)"),
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
