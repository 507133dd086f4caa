from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableClient

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from shared.errors import HeldElsewhere, StorageAway, Unreadable
from shared.flowlog import LogKind
from shared.storage.watermarks import StoppedAt, Watermark, Watermarks
from tests.support.account import table_of
from tests.support.time import StillClock

_HOUR = datetime(2026, 11, 23, 15, tzinfo=UTC)
_TIDIED = datetime(2026, 11, 23, 15, 30, 7, 123, tzinfo=UTC)
_FIRST = Watermark(start=_HOUR, since=_HOUR - timedelta(hours=1), hour=_HOUR, tidied=_TIDIED)
_MOVED = replace(_FIRST, hour=_HOUR + timedelta(hours=1), stopped=StoppedAt(_HOUR, 'a/"b"\\ü'), existed=True)


@pytest.fixture
def table(account: StorageAccount) -> TableClient:
    table = table_of(account, StillClock())
    table.create_table()
    return table


@pytest.fixture
def watermarks(table: TableClient, account: StorageAccount) -> Watermarks:
    return Watermarks(table, account.name, "logs")


def _loaded(watermarks: Watermarks, kind: LogKind = LogKind.NSG) -> tuple[Watermark, str]:
    found = watermarks.load(kind)
    assert found is not None
    return found


def _only(table: TableClient) -> Any:
    (found,) = table.list_entities()
    return found


def test_before_the_first_run_there_is_none(watermarks: Watermarks):
    assert watermarks.load(LogKind.NSG) is None


def test_an_account_without_the_table_is_away_and_not_before_its_first_run(account: StorageAccount):
    watermarks = Watermarks(table_of(account, StillClock()), account.name, "logs")
    for ask in (
        lambda: watermarks.load(LogKind.NSG),
        lambda: watermarks.create(LogKind.NSG, _FIRST),
        lambda: watermarks.save(LogKind.NSG, _FIRST, 'W/"1"'),
    ):
        with pytest.raises(StorageAway, match="TableNotFound"):
            ask()


def test_a_watermark_comes_back_as_it_was_written(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _MOVED)
    assert _loaded(watermarks)[0] == _MOVED


def test_it_is_found_where_the_advice_to_delete_it_says(watermarks: Watermarks, table: TableClient):
    watermarks.create(LogKind.NSG, _FIRST)
    assert (_only(table)["PartitionKey"], _only(table)["RowKey"]) == ("watermarks-logs", "nsg")


def test_the_first_of_two_first_watermarks_stays(watermarks: Watermarks):
    watermarks.create(LogKind.NSG, _FIRST)
    watermarks.create(LogKind.NSG, replace(_FIRST, start=_HOUR + timedelta(hours=1)))
    assert _loaded(watermarks)[0] == _FIRST


def test_each_kind_and_account_has_its_own(watermarks: Watermarks, table: TableClient, account: StorageAccount):
    watermarks.create(LogKind.NSG, _FIRST)
    watermarks.create(LogKind.VNET, _MOVED)
    assert _loaded(watermarks, LogKind.NSG)[0] == _FIRST
    assert _loaded(watermarks, LogKind.VNET)[0] == _MOVED
    for other in ("others", "logs1", "log"):
        assert Watermarks(table, account.name, other).load(LogKind.NSG) is None


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
    watermarks.save(LogKind.NSG, _MOVED, etag)
    with pytest.raises(HeldElsewhere):
        watermarks.save(LogKind.NSG, replace(_FIRST, hour=_HOUR + timedelta(hours=9)), etag)
    assert _loaded(watermarks)[0] == _MOVED


@pytest.mark.parametrize("fault", [StorageFault.TWICE, StorageFault.RESET_AFTER, StorageFault.BUSY])
def test_a_save_that_the_library_repeats_is_not_taken_for_another_sweep_s(
    watermarks: Watermarks, account: StorageAccount, wrong_storage: StorageControl, fault: StorageFault
):
    watermarks.create(LogKind.NSG, _FIRST)
    _, etag = _loaded(watermarks)
    wrong_storage.plan([account], [StorageTrouble(Operation.WATERMARK_REPLACE, 1, fault)])
    through = Watermarks(table_of(wrong_storage.before(account), StillClock()), account.name, "logs")
    assert through.save(LogKind.NSG, _MOVED, etag) == _loaded(watermarks)[1]
    assert _loaded(watermarks)[0] == _MOVED


def test_a_watermark_that_was_deleted_is_not_written_again(watermarks: Watermarks, table: TableClient):
    watermarks.create(LogKind.NSG, _FIRST)
    _, etag = _loaded(watermarks)
    table.delete_entity(_only(table))
    with pytest.raises(HeldElsewhere):
        watermarks.save(LogKind.NSG, _FIRST, etag)
    assert watermarks.load(LogKind.NSG) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"format":2}', "newer format"),
        ("", "can't be read"),
        ("[]", "can't be read"),
        (7, "can't be read"),
        (None, "can't be read"),
        ('{"format":1}', "can't be read"),
        ('{"format":1,"start":1,"since":1,"hour":1,"tidied":1}', "can't be read"),
        (
            '{"format":1,"start":"2026-11-23T15:00:00","since":"2026-11-23","hour":"2026-11-23","tidied":"2026-11-23"}',
            "can't be read",
        ),
    ],
)
def test_a_watermark_that_can_not_be_read_is_refused_and_left_as_it_is(
    watermarks: Watermarks, table: TableClient, content: object, expected: str
):
    watermarks.create(LogKind.NSG, _FIRST)
    key = {name: _only(table)[name] for name in ("PartitionKey", "RowKey")}
    table.update_entity(key if content is None else key | {"watermark": content}, mode="replace")
    with pytest.raises(Unreadable, match=expected):
        watermarks.load(LogKind.NSG)
    watermarks.create(LogKind.NSG, _FIRST)
    assert _only(table).get("watermark") == content
