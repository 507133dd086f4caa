"""What a process remembers of checkpoints: enough to save requests, and no more than it has memory for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.delivery import ledger
from shared.delivery.ledger import Ledger
from shared.storage.checkpoint import Checkpoint, CutRule, Layout
from shared.storage.entry import Entry
from tests.support.logs import log_blob

ENTRY = Entry(Checkpoint(log_blob().name, Layout.BLOCKS, CutRule(2, 100)), datetime(2026, 11, 23, tzinfo=UTC))
LOGS = [log_blob(mac=f"{number:012X}") for number in range(3)]


class Stored:
    """Entries that have the number of each reading as their ETag."""

    def __init__(self) -> None:
        self.reads = 0
        self.halved = 0

    def read(self, _log):
        self.reads += 1
        halved = tuple((number, (0,)) for number in range(self.halved))
        return replace(ENTRY, checkpoint=replace(ENTRY.checkpoint, halved=halved), etag=str(self.reads))


@pytest.fixture
def stored():
    return Stored()


def test_what_was_read_is_remembered(stored):
    some = Ledger(stored)
    assert [some.known(LOGS[0]).etag for _ in range(3)] == ["1", "1", "1"]
    assert some.read(LOGS[0]).etag == "2"
    assert some.known(LOGS[0]).etag == "2"


def test_what_was_not_asked_for_the_longest_is_forgotten_first(stored, monkeypatch):
    monkeypatch.setattr(ledger, "_MOST_REMEMBERED", 2)
    some = Ledger(stored)
    for log in (LOGS[0], LOGS[1], LOGS[0], LOGS[2]):
        some.read(log)
    assert [some.known(log).etag for log in (LOGS[0], LOGS[2], LOGS[1])] == ["3", "4", "5"]


def test_an_entry_with_many_halved_batches_is_not_remembered(stored):
    some = Ledger(stored)
    some.read(LOGS[0])
    stored.halved = 101
    some.read(LOGS[0])
    assert some.known(LOGS[0]).etag == "3"
