from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from dev.azurite import StorageAccount
from shared.errors import HeldElsewhere, Unreadable
from shared.flowlog import LogKind
from shared.storage.checkpoints import CONTAINER
from shared.storage.watermarks import Watermark, Watermarks

_HOUR = datetime(2026, 11, 23, 15, tzinfo=UTC)
_TIDIED = datetime(2026, 11, 23, 15, 30, 7, 123, tzinfo=UTC)
_FIRST = Watermark(start=_HOUR, since=_HOUR - timedelta(hours=1), hour=_HOUR, tidied=_TIDIED, tidy_from=_HOUR)


@pytest.fixture
def container(account: StorageAccount) -> ContainerClient:
    return BlobServiceClient.from_connection_string(account.connection_string).get_container_client(CONTAINER)


@pytest.fixture
def watermarks(container: ContainerClient, account: StorageAccount) -> Watermarks:
    container.create_container()
    return _of("logs", account)


def _of(log_account: str, account: StorageAccount) -> Watermarks:
    return Watermarks(BlobServiceClient.from_connection_string(account.connection_string), log_account)


def _loaded(watermarks: Watermarks, kind: LogKind = LogKind.NSG) -> tuple[Watermark, str]:
    found = watermarks.load(kind)
    assert found is not None
    return found


def test_before_the_first_run_there_is_none(watermarks: Watermarks):
    assert watermarks.load(LogKind.NSG) is None


def test_before_the_container_is_made_there_is_none(account: StorageAccount):
    assert _of("logs", account).load(LogKind.NSG) is None


def test_a_watermark_comes_back_as_it_was_written(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _FIRST)
    assert _loaded(watermarks)[0] == _FIRST


def test_the_first_of_two_first_watermarks_stays(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _FIRST)
    watermarks.create(LogKind.NSG, replace(_FIRST, start=_HOUR + timedelta(hours=1)))
    assert _loaded(watermarks)[0] == _FIRST


def test_each_kind_and_account_has_its_own(watermarks: Watermarks, account: StorageAccount):
    later = replace(_FIRST, hour=_HOUR + timedelta(hours=1))
    watermarks.create(LogKind.NSG, _FIRST)
    watermarks.create(LogKind.VNET, later)
    assert _loaded(watermarks, LogKind.NSG)[0] == _FIRST
    assert _loaded(watermarks, LogKind.VNET)[0] == later
    assert _of("others", account).load(LogKind.NSG) is None


def test_one_sweep_moves_it_step_by_step(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _FIRST)
    _, etag = _loaded(watermarks)
    for hours in (1, 2, 3):
        moved = replace(_FIRST, hour=_HOUR + timedelta(hours=hours))
        etag = watermarks.save(LogKind.NSG, moved, etag)
        assert _loaded(watermarks) == (moved, etag)


def test_of_two_sweeps_the_later_writer_is_reported_and_changes_nothing(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _FIRST)
    _, etag = _loaded(watermarks)
    moved = replace(_FIRST, hour=_HOUR + timedelta(hours=1))
    watermarks.save(LogKind.NSG, moved, etag)
    with pytest.raises(HeldElsewhere):
        watermarks.save(LogKind.NSG, replace(_FIRST, hour=_HOUR + timedelta(hours=9)), etag)
    assert _loaded(watermarks)[0] == moved


def test_a_watermark_that_was_deleted_is_not_written_again(watermarks: Watermarks, container: ContainerClient):
    watermarks.create(LogKind.NSG, _FIRST)
    _, etag = _loaded(watermarks)
    (name,) = container.list_blob_names()
    container.delete_blob(name)
    with pytest.raises(HeldElsewhere):
        watermarks.save(LogKind.NSG, _FIRST, etag)
    assert watermarks.load(LogKind.NSG) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"format":2}', "newer format"),
        (b"", "can't be read"),
        (b"[]", "can't be read"),
        (b'{"format":1}', "can't be read"),
        (b'{"format":1,"start":1,"hour":1,"tidied":1}', "can't be read"),
        (b'{"format":1,"start":"2026-11-23T15:00:00","hour":"2026-11-23","tidied":"2026-11-23"}', "can't be read"),
    ],
)
def test_a_watermark_that_can_not_be_read_is_refused_and_left_as_it_is(
    watermarks: Watermarks, container: ContainerClient, content: bytes, expected: str
):
    watermarks.create(LogKind.NSG, _FIRST)
    (name,) = container.list_blob_names()
    container.upload_blob(name, content, overwrite=True)
    with pytest.raises(Unreadable, match=expected):
        watermarks.load(LogKind.NSG)
    watermarks.create(LogKind.NSG, _FIRST)
    assert container.download_blob(name).readall() == content
