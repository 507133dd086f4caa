from datetime import date, timedelta

import pytest
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from shared.errors import Overtaken, Vanished
from shared.storage.quarantine import CONTAINER, QuarantineContainer
from tests.support.logs import HOUR, log_blob

_LINES = [b'{"reason":"one"}', b'{"reason":"two"}']


@pytest.fixture
def quarantine(account: StorageAccount) -> QuarantineContainer:
    service = BlobServiceClient.from_connection_string(account.connection_string)
    service.create_container(CONTAINER)
    return QuarantineContainer(service)


def _names(quarantine: QuarantineContainer, day: date | None = None) -> list[str]:
    return [blob.name for blob in quarantine.listed(day)]


def test_objects_lie_under_the_day_of_their_log_one_a_line(quarantine: QuarantineContainer):
    quarantine.put(log_blob(), "abc", _LINES)
    (blob,) = quarantine.listed()
    assert (blob.name, blob.size) == ("y=2026/m=11/d=23/abc.ndjson", 34)
    assert quarantine.get(blob.name) == _LINES


def test_a_repetition_writes_the_same_blob_again(quarantine: QuarantineContainer):
    for _ in range(2):
        quarantine.put(log_blob(), "abc", _LINES)
    assert _names(quarantine) == ["y=2026/m=11/d=23/abc.ndjson"]
    assert quarantine.get("y=2026/m=11/d=23/abc.ndjson") == _LINES


def test_a_day_is_listed_by_itself(quarantine: QuarantineContainer):
    for days in (0, 1, 8):
        quarantine.put(log_blob(HOUR - timedelta(days=days)), f"key{days}", _LINES)
    assert _names(quarantine, date(2026, 11, 22)) == ["y=2026/m=11/d=22/key1.ndjson"]
    assert _names(quarantine, date(2026, 11, 1)) == []
    assert len(_names(quarantine)) == 3


def test_what_is_not_there_is_reported(quarantine: QuarantineContainer):
    with pytest.raises(Vanished, match=r"no y=2026/m=11/d=23/abc\.ndjson in quarantine"):
        quarantine.get("y=2026/m=11/d=23/abc.ndjson")


def test_before_the_first_run_there_is_nothing(account: StorageAccount):
    assert _names(QuarantineContainer(BlobServiceClient.from_connection_string(account.connection_string))) == []


def test_what_was_dealt_with_is_taken_out_and_in_the_end_removed(quarantine: QuarantineContainer):
    quarantine.put(log_blob(), "abc", _LINES)
    (name,) = _names(quarantine)
    for left in (_LINES[:1], []):
        lines, etag = quarantine.read(name)
        assert lines
        quarantine.replace(name, left, etag)
        assert _names(quarantine) == [name] * len(left)


def test_what_was_written_again_in_the_meantime_is_left_as_it_is(quarantine: QuarantineContainer):
    quarantine.put(log_blob(), "abc", _LINES)
    (name,) = _names(quarantine)
    _, etag = quarantine.read(name)
    quarantine.put(log_blob(), "abc", _LINES)
    for left in (_LINES[:1], []):
        with pytest.raises(Overtaken):
            quarantine.replace(name, left, etag)
    assert quarantine.get(name) == _LINES


def test_what_was_removed_in_the_meantime_is_not_written_again(quarantine: QuarantineContainer):
    quarantine.put(log_blob(), "abc", _LINES)
    (name,) = _names(quarantine)
    _, etag = quarantine.read(name)
    quarantine.replace(name, [], etag)
    with pytest.raises(Overtaken):
        quarantine.replace(name, _LINES[:1], etag)
    quarantine.replace(name, [], etag)  # as the library repeats it after a lost answer
    assert _names(quarantine) == []
