import pytest

from dev.azurite import StorageAccount
from dev.host.connections import queue_service
from dev.host.control_queue import BlobMessage, ControlQueue, poison_length, send_to_poison

_MESSAGE = BlobMessage("Host.Functions.f", "BlockBlob", "logs", "a/b", '"0x1"')


@pytest.fixture
def settings(account: StorageAccount) -> dict[str, str]:
    return {"HOST": account.connection_string}


def test_a_message_is_held_until_it_is_given_back_and_counts_its_tries(settings: dict[str, str]):
    queue = ControlQueue(queue_service(settings, "HOST"), "host")
    queue.send(_MESSAGE)
    first = queue.receive()
    assert first
    assert (first.message, first.tried) == (_MESSAGE, 1)
    assert queue.receive() is None
    queue.give_back(first)
    second = queue.receive()
    assert second
    assert second.tried == 2
    queue.delete(second)
    assert queue.length() == 0


def test_a_held_message_still_counts(settings: dict[str, str]):
    queue = ControlQueue(queue_service(settings, "HOST"), "host")
    queue.send(_MESSAGE)
    queue.receive()
    assert queue.length() == 1


def test_poison_is_counted_in_its_account(settings: dict[str, str]):
    service = queue_service(settings, "HOST")
    assert poison_length(service) == 0
    send_to_poison(service, _MESSAGE)
    send_to_poison(service, _MESSAGE)
    assert poison_length(service) == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://account.blob.core.windows.net/logs/resourceId%3D/A%20B/y%3D2026/PT1H.json",
        "http://127.0.0.1:10000/account/logs/resourceId=/A%20B/y=2026/PT1H.json",
    ],
)
def test_an_event_tells_container_and_name_of_its_blob(url: str):
    message = BlobMessage.from_event("f", {"data": {"url": url, "eTag": "0x1", "blobType": "BlockBlob"}})
    assert message == BlobMessage("f", "BlockBlob", "logs", "resourceId=/A B/y=2026/PT1H.json", '"0x1"')
