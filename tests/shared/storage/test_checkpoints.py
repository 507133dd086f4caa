from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.azurite import StorageAccount
from shared.errors import HeldElsewhere, StorageAway, Unreadable
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State, Tail
from shared.storage.checkpoints import CONTAINER, Checkpoints, Summary
from tests.examples import examples
from tests.support.logs import HOUR, log_blob
from tests.support.time import StillClock

_LATER = HOUR + timedelta(days=1)


@pytest.fixture
def container(account: StorageAccount) -> ContainerClient:
    return BlobServiceClient.from_connection_string(account.connection_string).get_container_client(CONTAINER)


@pytest.fixture
def checkpoints(container: ContainerClient, account: StorageAccount) -> Checkpoints:
    container.create_container()
    return _of("logs", account)


def _of(log_account: str, account: StorageAccount) -> Checkpoints:
    service = BlobServiceClient.from_connection_string(account.connection_string)
    return Checkpoints(service, log_account, StillClock())


def _first(log: LogBlob) -> Checkpoint:
    return Checkpoint(log.name, Layout.BLOCKS, CutRule(1, 100))


def _vnet(hour: datetime = HOUR) -> LogBlob:
    name = f"flowLogResourceID=/S_RG/NW_LOG/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/PT1H.json"
    log = parse_blob_name(LogKind.VNET.container, name)
    assert log is not None
    return log


def test_a_log_that_was_never_looked_at_has_no_checkpoint(checkpoints: Checkpoints):
    assert checkpoints.read(log_blob()) is None
    with checkpoints.hold(log_blob()) as held:
        assert held is None


def test_before_the_first_run_there_is_nothing(account: StorageAccount):
    checkpoints = _of("logs", account)
    assert checkpoints.read(log_blob()) is None
    assert list(checkpoints.listed(LogKind.NSG)) == []
    assert list(checkpoints.listed_open(LogKind.NSG, _LATER)) == []


def test_the_first_of_two_first_checkpoints_stays(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    checkpoints.create(log, replace(_first(log), offset=7))
    assert checkpoints.read(log) == _first(log)


def test_a_first_checkpoint_does_not_replace_one_that_is_held(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    with checkpoints.hold(log) as held:
        assert held is not None
        checkpoints.create(log, replace(_first(log), offset=7))
        assert held.load() == _first(log)


def test_what_is_saved_is_loaded_by_the_next_holder(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    saved = replace(_first(log), offset=70, batch=(3, 1), blocks=2, digest="ab", tail=Tail(2, "cd"), etag='"0x1"')
    with checkpoints.hold(log) as held:
        assert held is not None
        held.load()
        held.save(saved)
    with checkpoints.hold(log) as held:
        assert held is not None
        assert held.load() == saved


def test_of_two_workers_one_holds_and_the_other_is_reported(checkpoints: Checkpoints, account: StorageAccount):
    log = log_blob()
    checkpoints.create(log, _first(log))
    with checkpoints.hold(log), pytest.raises(HeldElsewhere), _of("logs", account).hold(log):
        pass
    with _of("logs", account).hold(log) as held:
        assert held is not None


def test_workers_on_different_logs_do_not_meet(checkpoints: Checkpoints):
    logs = [log_blob(), log_blob(mac="0" * 12), log_blob(HOUR + timedelta(hours=1)), _vnet()]
    for log in logs:
        checkpoints.create(log, _first(log))
    with checkpoints.hold(logs[0]), checkpoints.hold(logs[1]), checkpoints.hold(logs[2]), checkpoints.hold(logs[3]):
        assert [checkpoints.read(log) for log in logs] == list(map(_first, logs))


@pytest.mark.parametrize("content", [b'{"format":2}', b"{", b"", b"\xff"])
def test_a_checkpoint_that_can_not_be_read_is_refused_and_left_as_it_is(
    checkpoints: Checkpoints, container: ContainerClient, content: bytes
):
    log = log_blob()
    checkpoints.create(log, _first(log))
    (name,) = container.list_blob_names()
    container.upload_blob(name, content, overwrite=True)
    with checkpoints.hold(log) as held:
        assert held is not None
        with pytest.raises(Unreadable):
            held.load()
    with pytest.raises(Unreadable):
        checkpoints.read(log)
    checkpoints.create(log, _first(log))
    assert container.download_blob(name).readall() == content


def test_a_checkpoint_of_a_newer_format_holds_up_no_listing(checkpoints: Checkpoints, container: ContainerClient):
    older, newer = log_blob(), log_blob(mac="0" * 12)
    checkpoints.create(newer, _first(newer))
    (name,) = container.list_blob_names()
    metadata = container.get_blob_client(name).get_blob_properties().metadata | {"state": "resting"}
    container.upload_blob(name, b'{"format":2}', overwrite=True, metadata=metadata, tags={"state": "open"})
    checkpoints.create(older, _first(older))
    assert [summary.blob for summary in checkpoints.listed(LogKind.NSG)] == [older.name]
    assert [open_.blob for open_ in checkpoints.listed_open(LogKind.NSG, _LATER)] == [older.name]


def test_a_listing_tells_what_a_sweep_compares(checkpoints: Checkpoints, container: ContainerClient):
    log = log_blob()
    checkpoints.create(log, _first(log))
    with checkpoints.hold(log) as held:
        assert held is not None
        held.load()
        held.save(replace(_first(log), offset=70, etag='"0x1"', state=State.CLOSED))
    (name,) = container.list_blob_names()
    modified = container.get_blob_client(name).get_blob_properties().last_modified
    assert list(checkpoints.listed(LogKind.NSG)) == [Summary(log.name, '"0x1"', 70, State.CLOSED, modified)]


def test_an_hour_or_a_day_is_listed_by_its_beginning(checkpoints: Checkpoints):
    hours = [HOUR, HOUR + timedelta(hours=1), HOUR + timedelta(days=1)]
    logs = [log_blob(hour, mac) for hour in hours for mac in ("0" * 12, "1" * 12)]
    for log in logs:
        checkpoints.create(log, _first(log))
    prefixes = {"y=2026/m=11/d=23/h=15/": 2, "y=2026/m=11/d=23/": 4, "y=2026/": 6, "": 6, "y=2027/": 0}
    for prefix, count in prefixes.items():
        names = [summary.blob for summary in checkpoints.listed(LogKind.NSG, prefix)]
        assert sorted(names) == sorted(log.name for log in logs[:count])


def test_kinds_and_accounts_of_logs_are_apart(checkpoints: Checkpoints, account: StorageAccount):
    others = _of("others", account)
    for place, log in ((checkpoints, log_blob()), (checkpoints, _vnet()), (others, log_blob())):
        place.create(log, replace(_first(log), generation=len(list(place.listed(log.kind)))))
    for place in (checkpoints, others):
        assert [summary.blob for summary in place.listed(LogKind.NSG)] == [log_blob().name]
        assert [open_.blob for open_ in place.listed_open(LogKind.NSG, _LATER)] == [log_blob().name]
    assert [len(list(place.listed(LogKind.VNET))) for place in (checkpoints, others)] == [1, 0]
    assert others.read(_vnet()) is None


def test_what_else_is_kept_beside_checkpoints_is_not_listed(checkpoints: Checkpoints, container: ContainerClient):
    container.upload_blob(f"logs/{LogKind.NSG.container}/watermark.json", b"{}", tags={"state": "open"})
    assert list(checkpoints.listed(LogKind.NSG)) == []
    assert list(checkpoints.listed_open(LogKind.NSG, _LATER)) == []


def test_open_checkpoints_of_earlier_hours_are_found_whatever_their_age(checkpoints: Checkpoints):
    logs = {age: log_blob(HOUR - timedelta(days=age)) for age in (0, 1, 34, 400)}
    for age, log in logs.items():
        checkpoints.create(log, replace(_first(log), state=State.CLOSED if age == 1 else State.OPEN))
    found = {checkpoint.blob for checkpoint in checkpoints.listed_open(LogKind.NSG, HOUR)}
    assert found == {logs[34].name, logs[400].name}


def test_a_checkpoint_that_closes_is_open_no_more(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    for state, count in ((State.CLOSED, 0), (State.OPEN, 1)):
        with checkpoints.hold(log) as held:
            assert held is not None
            held.load()
            held.save(replace(_first(log), state=state))
        assert len(list(checkpoints.listed_open(LogKind.NSG, _LATER))) == count


def test_a_deleted_checkpoint_is_gone(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    for _ in range(2):
        checkpoints.delete(log)
    assert checkpoints.read(log) is None


def test_a_checkpoint_that_somebody_holds_is_not_deleted(checkpoints: Checkpoints):
    log = log_blob()
    checkpoints.create(log, _first(log))
    with checkpoints.hold(log) as held:
        checkpoints.delete(log)
        assert held is not None
        assert held.load() == _first(log)


_RESOURCES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], max_codepoint=0xFFFF), min_size=1, max_size=40
)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_RESOURCES)
def test_names_with_odd_characters_come_back_as_they_were(checkpoints: Checkpoints, resource: str):
    log = LogBlob(
        LogKind.NSG, f"resourceId=/{resource}/y=2020/PT1H.json", resource, datetime(2020, 1, 1, tzinfo=UTC), None
    )
    checkpoints.create(log, _first(log))
    with checkpoints.hold(log) as held:
        assert held is not None
        assert held.load() == _first(log)
    assert [summary.blob for summary in checkpoints.listed(LogKind.NSG, "y=2020/")] == [log.name]
    assert [open_.blob for open_ in checkpoints.listed_open(LogKind.NSG, HOUR)] == [log.name]
    checkpoints.delete(log)


def test_storage_that_refuses_the_key_is_reported(new_account: Callable[[], StorageAccount]):
    account, other = new_account(), new_account()
    service = BlobServiceClient(account.blob_endpoint, {"account_name": account.name, "account_key": other.key})
    checkpoints = Checkpoints(service, "logs", StillClock())
    log = log_blob()
    for ask in (
        lambda: checkpoints.read(log),
        lambda: checkpoints.create(log, _first(log)),
        lambda: checkpoints.hold(log).__enter__(),
        lambda: checkpoints.delete(log),
        lambda: list(checkpoints.listed(LogKind.NSG)),
        lambda: list(checkpoints.listed_open(LogKind.NSG, _LATER)),
    ):
        with pytest.raises(StorageAway, match=account.name):
            ask()
