from datetime import timedelta

import pytest
from azure.data.tables import TableClient

from dev.azurite import StorageAccount
from shared.errors import Outdated, StorageAway
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.pointers import Pointer, Pointers
from shared.storage.storage_clock import StorageClock
from tests.support.account import StillStorageClock, table_of
from tests.support.logs import HOUR, log_blob
from tests.support.time import StillClock

_LATER = HOUR + timedelta(hours=1)


@pytest.fixture
def table(account: StorageAccount) -> TableClient:
    table = table_of(account, StillClock())
    table.create_table()
    return table


@pytest.fixture
def pointers(table: TableClient, account: StorageAccount) -> Pointers:
    return Pointers(table, account.name, "logs", StorageClock(StillClock()))


def _vnet() -> LogBlob:
    name = f"flowLogResourceID=/S_RG/NW_LOG/y={HOUR:%Y}/m={HOUR:%m}/d={HOUR:%d}/h={HOUR:%H}/m=00/PT1H.json"
    log = parse_blob_name(LogKind.VNET.container, name)
    assert log is not None
    return log


def _listed(pointers: Pointers, kind: LogKind = LogKind.NSG) -> list[Pointer]:
    return list(pointers.before(kind, _LATER))


def test_a_pointer_leads_to_its_log_under_the_etag_that_its_write_gave(pointers: Pointers):
    etag = pointers.write(log_blob())
    assert _listed(pointers) == [Pointer(log_blob(), etag, is_aged=False)]


def test_a_pointer_is_written_whether_or_not_there_is_one_and_gets_a_new_etag_each_time(pointers: Pointers):
    etags = [pointers.write(log_blob()) for _ in range(3)]
    assert len(set(etags)) == 3
    assert _listed(pointers) == [Pointer(log_blob(), etags[-1], is_aged=False)]


def test_a_pointer_is_removed_under_its_etag(pointers: Pointers):
    pointers.remove(log_blob(), pointers.write(log_blob()))
    assert _listed(pointers) == []


def test_a_pointer_that_another_wrote_since_stays(pointers: Pointers):
    first = pointers.write(log_blob())
    second = pointers.write(log_blob())
    with pytest.raises(Outdated):
        pointers.remove(log_blob(), first)
    assert _listed(pointers) == [Pointer(log_blob(), second, is_aged=False)]


def test_a_pointer_that_is_gone_is_told_though_the_library_says_nothing_of_it(pointers: Pointers):
    etag = pointers.write(log_blob())
    pointers.remove(log_blob(), etag)
    with pytest.raises(Outdated):
        pointers.remove(log_blob(), etag)


def test_the_pointers_of_earlier_hours_are_listed_in_the_order_of_the_hours(pointers: Pointers):
    ages = [0, 400, 1, 24, 30, 24 * 35]
    for hours in ages:
        pointers.write(log_blob(HOUR - timedelta(hours=hours)))
    found = [pointer.log.hour for pointer in pointers.before(LogKind.NSG, HOUR)]
    assert found == [HOUR - timedelta(hours=hours) for hours in sorted(ages, reverse=True) if hours]


def test_kinds_and_accounts_of_logs_are_apart(pointers: Pointers, table: TableClient, account: StorageAccount):
    others = {
        name: Pointers(table, account.name, name, StorageClock(StillClock())) for name in ("logs1", "log", "others")
    }
    for each in (pointers, *others.values()):
        each.write(log_blob())
    pointers.write(_vnet())
    assert [pointer.log for pointer in _listed(pointers)] == [log_blob()]
    assert [pointer.log for pointer in _listed(pointers, LogKind.VNET)] == [_vnet()]
    for each in others.values():
        assert [pointer.log for pointer in _listed(each)] == [log_blob()]
        assert _listed(each, LogKind.VNET) == []


def test_the_pointers_of_many_logs_are_listed_page_by_page(pointers: Pointers):
    logs = [log_blob(HOUR, f"{number:012X}") for number in range(1_001)]
    for log in logs:
        pointers.write(log)
    assert {pointer.log for pointer in _listed(pointers)} == set(logs)


def test_an_account_without_the_table_is_away(account: StorageAccount):
    pointers = Pointers(table_of(account, StillClock()), account.name, "logs", StorageClock(StillClock()))
    for ask in (
        lambda: pointers.write(log_blob()),
        lambda: pointers.remove(log_blob(), 'W/"1"'),
        lambda: _listed(pointers),
    ):
        with pytest.raises(StorageAway, match="TableNotFound"):
            ask()


@pytest.mark.usefixtures("table")
def test_a_pointer_is_aged_once_it_was_written_an_hour_ago_by_storages_clock(account: StorageAccount):
    clock = StillClock()
    storage_clock = StillStorageClock(clock)
    pointers = Pointers(table_of(account, clock, storage_clock), account.name, "logs", storage_clock)
    storage_clock.note(0, clock.monotonic())
    pointers.write(log_blob())
    for seconds, is_aged in ((3599, False), (1, True)):
        clock.move(seconds)
        assert [each.is_aged for each in _listed(pointers)] == [is_aged]


@pytest.mark.usefixtures("table")
def test_a_pointer_that_was_written_before_storage_told_its_time_is_never_aged(account: StorageAccount):
    clock = StillClock()
    storage_clock = StillStorageClock(clock)
    pointers = Pointers(table_of(account, clock, storage_clock), account.name, "logs", storage_clock)
    pointers.write(log_blob())
    clock.move(7200)
    assert [each.is_aged for each in _listed(pointers)] == [False]
