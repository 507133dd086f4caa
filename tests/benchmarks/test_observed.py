from azure.data.tables import UpdateMode
from azure.storage.blob import BlobServiceClient

from benchmarks.observed import storage_requests
from shared.flowlog import LogKind
from shared.storage.keys import Key, KeyRange
from shared.storage.tables import entities, insert, put, remove, stored, update
from tests.support.account import table_of
from tests.support.time import StillClock


def test_requests_are_told_apart_by_what_they_do_and_where(account):
    service = BlobServiceClient.from_connection_string(account.connection_string)
    service.create_container("checkpoints")
    service.create_container(LogKind.VNET.container)
    log = service.get_blob_client(LogKind.VNET.container, "a/PT1H.json")
    aside = service.get_blob_client("checkpoints", "a.json")
    with storage_requests() as made:
        aside.upload_blob(b"12345")
        log.upload_blob(b"123")
        log.download_blob().readall()
        log.get_block_list()
        log.get_blob_properties()
    assert [request.kind for request in made] == [
        "write: checkpoints",
        "write: logs",
        "read: logs",
        "block list: logs",
        "head: logs",
    ]


def test_requests_for_entities_are_told_apart_by_what_they_are(account):
    table = table_of(account, StillClock())
    table.create_table()
    key = Key("checkpoints-a-nsg-2026112315-0", "a")
    with storage_requests() as made:
        etag = insert(table, account.name, key, {})
        put(table, account.name, Key("pointers-a", "a"), {})
        etag = update(table, account.name, key, {}, etag)
        etag = update(table, account.name, key, {}, etag, UpdateMode.MERGE)
        stored(table, account.name, Key("watermarks-a", "nsg"))
        list(entities(table, account.name, KeyRange("pointers-a", "pointers-b"), [], lambda item: item))
        remove(table, account.name, key, etag)
    assert [request.kind for request in made] == [
        "insert entity: checkpoints",
        "replace entity: pointers",
        "replace entity: checkpoints",
        "merge entity: checkpoints",
        "read entity: watermarks (refused)",
        "query: pointers",
        "delete entity: checkpoints",
    ]


def test_bytes_that_storage_sent_are_counted(account):
    service = BlobServiceClient.from_connection_string(account.connection_string)
    service.create_container("checkpoints")
    checkpoint = service.get_blob_client("checkpoints", "a.json")
    checkpoint.upload_blob(b"12345")
    with storage_requests() as made:
        checkpoint.download_blob(offset=1, length=3).readall()
    assert [request.bytes_received for request in made] == [3]


def test_requests_after_the_block_are_not_seen(account):
    service = BlobServiceClient.from_connection_string(account.connection_string)
    with storage_requests() as made:
        pass
    service.create_container("checkpoints")
    assert made == []
