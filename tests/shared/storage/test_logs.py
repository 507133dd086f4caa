from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partialmethod

import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
)

from dev.azurite import StorageAccount
from shared.errors import ContainerMissing, Overtaken, StorageAway, Unsupported, Vanished
from shared.flowlog import LogBlob, LogKind, hour_prefix, parse_blob_name
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.account import blob_service
from shared.storage.logs import FlowLogAccount, Snapshot
from tests.support.account import reached
from tests.support.logs import CLOSER, HEAD, HOUR, MAC, GrowingLog, log_blob
from tests.support.servers import always, answer, serving

_NSG = "resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG_{0}/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/NSG"
_VNET = "flowLogResourceID=/S_NETWORKWATCHERRG/NETWORKWATCHER_EASTUS_{0}"
_VNET_AS_CLI_SHOWS = (
    "flowLogResourceID=/SUBSCRIPTIONS/S/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK"
    "/NETWORKWATCHERS/NETWORKWATCHER_EASTUS/FLOWLOGS/{0}"
)


@pytest.fixture
def logs(account: StorageAccount) -> FlowLogAccount:
    return FlowLogAccount(reached(account))


@pytest.fixture
def log(account: StorageAccount) -> GrowingLog:
    return GrowingLog(account, log_blob())


def _log(resource: str, hour: datetime = HOUR, mac: str = MAC) -> LogBlob:
    kind = LogKind.NSG if resource.startswith("resourceId") else LogKind.VNET
    name = f"{resource}/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/macAddress={mac}/PT1H.json"
    log = parse_blob_name(kind.container, name)
    assert log is not None
    return log


def _whole(logs: FlowLogAccount, log: LogBlob, snapshot: Snapshot) -> bytes:
    return logs.read(log, snapshot, 0, snapshot.size)


def test_an_account_is_known_by_its_name(account: StorageAccount, logs: FlowLogAccount):
    assert logs.name == account.name


def test_a_snapshot_tells_the_committed_blocks_in_order(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}', b',{"b":22}')
    snapshot = logs.snapshot(log.log)
    properties = log.client.get_blob_properties()
    assert [block.size for block in snapshot.blocks] == [len(HEAD), 7, 9, len(CLOSER)]
    assert len({block.id for block in snapshot.blocks}) == 4
    assert (snapshot.etag, snapshot.size, snapshot.modified) == (
        properties.etag,
        properties.size,
        properties.last_modified,
    )


def test_blocks_that_are_not_committed_are_not_told(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    log.client.stage_block("d2FpdGluZw==", b'{"b":2}')
    assert len(logs.snapshot(log.log).blocks) == 3


def test_ranges_are_read_as_the_snapshot_saw_them(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    snapshot = logs.snapshot(log.log)
    assert logs.read(log.log, snapshot, 12, 19) == b'{"a":1}'
    assert _whole(logs, log.log, snapshot) == HEAD + b'{"a":1}' + CLOSER


def test_a_blob_that_was_committed_again_is_not_read_as_if_it_were_the_same(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    snapshot = logs.snapshot(log.log)
    log.commit(b',{"b":2}')
    with pytest.raises(Overtaken):
        _whole(logs, log.log, snapshot)
    assert logs.snapshot(log.log).etag != snapshot.etag


def test_a_blob_that_was_deleted_and_written_again_is_not_read_as_if_it_were_the_same(
    logs: FlowLogAccount, log: GrowingLog
):
    log.commit(b'{"a":1}')
    snapshot = logs.snapshot(log.log)
    log.client.delete_blob()
    log.rewrite()
    log.commit(b'{"a":1}')
    with pytest.raises(Overtaken):
        _whole(logs, log.log, snapshot)


@pytest.mark.parametrize("data", [b'{"records":[{"a":1}]}', b""])
def test_a_blob_without_blocks_is_known_by_its_bytes(logs: FlowLogAccount, log: GrowingLog, data: bytes):
    log.put(data)
    snapshot = logs.snapshot(log.log)
    properties = log.client.get_blob_properties()
    assert (snapshot.etag, snapshot.size, snapshot.blocks) == (properties.etag, len(data), ())
    assert snapshot.modified == properties.last_modified


def test_a_blob_that_is_not_there_has_vanished(logs: FlowLogAccount, log: GrowingLog):
    with pytest.raises(Vanished, match=r"PT1H\.json is gone"):
        logs.snapshot(log.log)
    assert logs.etag(log.log) is None


def test_a_blob_of_which_nothing_is_committed_yet_is_not_there(logs: FlowLogAccount, log: GrowingLog):
    log.client.stage_block("d2FpdGluZw==", HEAD)
    with pytest.raises(Vanished):
        logs.snapshot(log.log)


def test_a_blob_in_a_container_that_is_not_there_has_not_vanished(logs: FlowLogAccount):
    with pytest.raises(StorageAway, match="ContainerNotFound"):
        logs.snapshot(_log(_VNET.format("A")))
    with pytest.raises(StorageAway, match="ContainerNotFound"):
        logs.etag(_log(_VNET.format("A")))


def test_a_blob_that_goes_while_it_is_read_is_looked_at_again(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    snapshot = logs.snapshot(log.log)
    log.client.delete_blob()
    with pytest.raises((Overtaken, Vanished)):  # Azurite says that the condition failed, Azure that it is not found
        _whole(logs, log.log, snapshot)


@pytest.mark.parametrize("create", ["create_append_blob", "create_page_blob"])
def test_a_blob_that_is_not_a_block_blob_is_unsupported(logs: FlowLogAccount, log: GrowingLog, create: str):
    getattr(log.client, create)(*([512] if create == "create_page_blob" else []))
    with pytest.raises(Unsupported, match="not a block blob"):
        logs.snapshot(log.log)


def test_an_archived_blob_that_is_read_is_unsupported(logs: FlowLogAccount, log: GrowingLog):
    log.put(b'{"records":[]}')
    log.client.set_standard_blob_tier("Archive")
    with pytest.raises(Unsupported, match="Rehydrate it"):
        _whole(logs, log.log, logs.snapshot(log.log))


def test_an_archived_blob_whose_blocks_are_asked_for_is_unsupported(account: StorageAccount):
    with serving(always(*answer(409, x_ms_error_code="BlobArchived"))) as storage:
        service = BlobServiceClient(
            f"{storage.url}/{account.name}", {"account_name": account.name, "account_key": account.key}
        )
        with pytest.raises(Unsupported, match="Rehydrate it"):
            FlowLogAccount(service).snapshot(log_blob())


def test_a_leased_blob_is_read_like_any_other(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    log.client.acquire_lease(60)
    snapshot = logs.snapshot(log.log)
    assert _whole(logs, log.log, snapshot) == HEAD + b'{"a":1}' + CLOSER
    assert logs.etag(log.log) == snapshot.etag


def test_the_right_to_read_and_list_is_enough(account: StorageAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    signature = generate_account_sas(
        account.name,
        account.key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    text = f"BlobEndpoint={account.blob_endpoint};SharedAccessSignature={signature}"
    logs = FlowLogAccount(blob_service(ByConnectionString(Secret(text)), "FLOW_LOGS"))
    (resource,) = logs.resources(LogKind.NSG)
    (item,) = logs.listed(LogKind.NSG, hour_prefix(resource, HOUR))
    snapshot = logs.snapshot(item.log)
    assert _whole(logs, item.log, snapshot) == HEAD + b'{"a":1}' + CLOSER
    assert {snapshot.etag, item.etag, logs.etag(item.log)} == {snapshot.etag}


def test_the_etag_is_the_same_wherever_it_is_asked(logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    (item,) = logs.listed(LogKind.NSG, "")
    assert item.etag == logs.etag(log.log) == logs.snapshot(log.log).etag
    assert (item.size, item.modified) == (21, log.client.get_blob_properties().last_modified)


def _write(account: StorageAccount, *written: LogBlob) -> None:
    for each in written:
        GrowingLog(account, each).put(b"{}")


@pytest.mark.parametrize("shape", [_NSG, _VNET, _VNET_AS_CLI_SHOWS])
def test_resources_and_their_hours_are_found_under_any_shape_of_name(
    account: StorageAccount, logs: FlowLogAccount, shape: str
):
    resources = [shape.format(letter) for letter in "ABC"]
    hours = [HOUR, HOUR + timedelta(hours=1), datetime(2025, 12, 31, 23, tzinfo=UTC)]
    written = {_log(resource, hour, mac) for resource in resources for hour in hours for mac in (MAC, "0" * 12)}
    _write(account, *written)
    kind = _log(shape).kind
    assert sorted(logs.resources(kind)) == resources
    for resource in resources:
        for hour in hours:
            found = {item.log for item in logs.listed(kind, hour_prefix(resource, hour))}
            assert found == {each for each in written if (each.resource, each.hour) == (resource, hour)}
    assert {item.log for item in logs.listed(kind, "")} == written


def test_kinds_of_logs_are_apart(account: StorageAccount, logs: FlowLogAccount):
    nsg, vnet = _log(_NSG.format("A")), _log(_VNET.format("A"))
    _write(account, nsg, vnet)
    assert [list(logs.resources(kind)) for kind in LogKind] == [[nsg.resource], [vnet.resource]]
    assert [[item.log for item in logs.listed(kind, "")] for kind in LogKind] == [[nsg], [vnet]]


def test_shapes_of_names_in_one_container_are_all_found(account: StorageAccount, logs: FlowLogAccount):
    shapes = [_VNET.format("A"), _VNET_AS_CLI_SHOWS.format("A"), _VNET.format("Z")]
    _write(account, *map(_log, shapes))
    assert sorted(logs.resources(LogKind.VNET)) == sorted(shapes)


def test_what_is_not_a_flow_log_is_not_listed(account: StorageAccount, logs: FlowLogAccount, log: GrowingLog):
    log.commit(b'{"a":1}')
    container = BlobServiceClient.from_connection_string(account.connection_string).get_container_client(
        LogKind.NSG.container
    )
    for name in ("notes.txt", f"{log.log.name}.bak", "y=2026/PT1H.json", "a/y=x/PT1H.json"):
        container.upload_blob(name, b"")
    assert [item.log for item in logs.listed(LogKind.NSG, "")] == [log.log]
    assert log.log.resource in set(logs.resources(LogKind.NSG))


def test_more_logs_than_fit_into_one_answer_are_all_listed(
    logs: FlowLogAccount, account: StorageAccount, monkeypatch: pytest.MonkeyPatch
):
    resources = [_NSG.format(number) for number in range(5)]
    _write(account, *map(_log, resources))
    for name in ("list_blobs", "walk_blobs"):
        monkeypatch.setattr(ContainerClient, name, partialmethod(getattr(ContainerClient, name), results_per_page=2))
    assert len(list(logs.listed(LogKind.NSG, ""))) == 5
    assert sorted(logs.resources(LogKind.NSG)) == resources


def test_a_container_that_is_not_there_is_told_apart_from_an_empty_one(logs: FlowLogAccount):
    for kind in LogKind:
        for listing in (logs.resources(kind), logs.listed(kind, ""), logs.misplaced(kind, "A=B", HOUR, HOUR)):
            with pytest.raises(ContainerMissing, match=kind.container):
                list(listing)


def test_a_listing_tells_what_can_not_be_read(logs: FlowLogAccount, log: GrowingLog):
    log.client.create_append_blob()
    (item,) = logs.listed(LogKind.NSG, "")
    assert "not a block blob" in item.problem


def test_a_listing_tells_what_is_archived(logs: FlowLogAccount, log: GrowingLog):
    log.put(b"{}")
    log.client.set_standard_blob_tier("Archive")
    (item,) = logs.listed(LogKind.NSG, "")
    assert "Rehydrate it" in item.problem


def test_an_account_that_refuses_the_key_is_reported(new_account: Callable[[], StorageAccount]):
    account, other = new_account(), new_account()
    service = BlobServiceClient(account.blob_endpoint, {"account_name": account.name, "account_key": other.key})
    logs = FlowLogAccount(service)
    for ask in (
        lambda: logs.snapshot(log_blob()),
        lambda: logs.etag(log_blob()),
        lambda: list(logs.resources(LogKind.NSG)),
        lambda: list(logs.listed(LogKind.NSG, "")),
    ):
        with pytest.raises(StorageAway, match=f"Storage account {account.name} forbids this"):
            ask()
