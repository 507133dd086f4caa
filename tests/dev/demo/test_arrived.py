from collections.abc import Callable
from pathlib import Path

from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient

from dev.azurite import StorageAccount
from dev.demo.arrived import Post, agents_posts_taken, backlog, posts_taken, quarantined
from dev.demo.ledger import Aside
from shared.delivery.batch import CUT_VERSION
from shared.storage.checkpoint import Checkpoint, CutRule, Layout
from shared.storage.checkpoints import Checkpoints
from shared.storage.entry import Entry
from shared.storage.table_client import TABLE
from tests.support.account import reached
from tests.support.logs import HOUR, log_blob


def test_the_posts_of_flow_records_are_found_among_all_that_the_gateway_prints(tmp_path: Path):
    log = tmp_path / "log"
    log.write_text(
        '{"listening":"http://127.0.0.1:1"}\n'
        "A sentence for people.\n"
        '{"route":"/auth","status":201}\n'
        '{"route":"/qas/flow-logs","status":503}\n'
        '{"route":"/qas/flow-logs","status":202,"records":7,"duplicate":false}\n'
        '{"route":"/qas/flow-logs","status":202,"records":7,"duplicate":true}\n'
        '{"route":"/agent/v1/traffic","status":200,"records":3,"duplicate":false}\n'
        '{"route":"/qas/flow-l'
    )
    assert posts_taken(log) == [Post(7, duplicate=False), Post(7, duplicate=True)]
    assert agents_posts_taken(log) == [Post(3, duplicate=False)]


def test_quarantine_that_was_never_made_is_empty(account: StorageAccount):
    assert not quarantined(BlobServiceClient.from_connection_string(account.connection_string))


def test_everything_in_quarantine_is_read_with_its_blob_and_unit(account: StorageAccount):
    service = BlobServiceClient.from_connection_string(account.connection_string)
    container = service.create_container("quarantine")
    container.upload_blob(
        "y=2026/a.ndjson", b'{"blob":"b","unit":"tuple","raw":"x"}\n{"blob":"b","unit":"tuple","raw":"x"}\n'
    )
    container.upload_blob("y=2026/b.ndjson", b'{"blob":"c","unit":"range","raw_base64":"/w=="}\n')
    assert quarantined(service) == {Aside("b", "tuple", "x"): 2, Aside("c", "range", "\ufffd"): 1}


def test_the_backlog_is_what_the_checkpoints_leave_of_each_log(new_account: Callable[[], StorageAccount]):
    logs, own, table = _accounts(new_account)
    checkpoints = Checkpoints(table, own, logs.account_name)
    container = logs.create_container(log_blob().kind.container)
    container.upload_blob("no/log.json", b"12345")
    for mac, offset, delivered in (
        ("00000000000A", 3, False),
        ("00000000000B", 5, True),
        ("00000000000C", None, False),
    ):
        log = log_blob(mac=mac)
        etag = container.upload_blob(log.name, b"12345").get_blob_properties().etag
        if offset is not None:
            read = Checkpoint(log.name, Layout.BYTES, CutRule(CUT_VERSION, 1), offset=offset, etag=etag * delivered)
            checkpoints.insert(log, Entry(read, HOUR))
    found = backlog(logs, own, table)
    assert {blob.rpartition("macAddress=")[2][:12]: waiting for blob, waiting in found.items() if waiting} == {
        "00000000000A": 2,
        "00000000000C": 5,
    }


def test_there_is_no_backlog_before_the_first_log(new_account: Callable[[], StorageAccount]):
    assert not backlog(*_accounts(new_account))


def _accounts(new_account: Callable[[], StorageAccount]) -> tuple[BlobServiceClient, BlobServiceClient, TableClient]:
    logs, own = new_account(), new_account()
    table = TableClient.from_connection_string(own.connection_string, TABLE)
    table.create_table()
    return reached(logs), reached(own), table
