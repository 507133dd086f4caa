from azure.storage.blob import BlobServiceClient

from benchmarks.observed import storage_requests
from shared.flowlog import LogKind


def test_requests_are_told_apart_by_what_they_do_and_where(account):
    service = BlobServiceClient.from_connection_string(account.connection_string)
    service.create_container("checkpoints")
    service.create_container(LogKind.VNET.container)
    log = service.get_blob_client(LogKind.VNET.container, "a/PT1H.json")
    checkpoint = service.get_blob_client("checkpoints", "a.json")
    with storage_requests() as made:
        checkpoint.upload_blob(b"12345")
        checkpoint.acquire_lease().release()
        log.upload_blob(b"123")
        log.download_blob().readall()
        log.get_block_list()
        log.get_blob_properties()
    assert [request.kind for request in made] == [
        "write: checkpoints",
        "lease: acquire",
        "lease: release",
        "write: logs",
        "read: logs",
        "block list: logs",
        "head: logs",
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
