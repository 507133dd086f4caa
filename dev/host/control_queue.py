"""The control queue: every event waits in it, with the count of how often it was tried, until a function has run.

Names, message and retries are those of Microsoft.Azure.WebJobs.Extensions.Storage.Blobs.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import (
    QueueClient,
    QueueMessage,
    QueueServiceClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

_POISON_QUEUE = "webjobs-blobtrigger-poison"
_HOLD_SECONDS = 600  # a message whose host died is tried again after this


@dataclass(frozen=True, slots=True)
class BlobMessage:
    """What a control message tells: which function shall look at which blob."""

    FunctionId: str
    BlobType: str
    ContainerName: str
    BlobName: str
    ETag: str
    Type: str = "BlobTrigger"

    @classmethod
    def from_event(cls, function_id: str, event: Mapping[str, object]) -> Self:
        """Return the message for a Microsoft.Storage.BlobCreated event. Raises KeyError or ValueError if it is not."""
        data = event["data"]
        if not isinstance(data, Mapping):
            raise ValueError("the event's data is not an object")  # noqa: TRY004 - an event of a wrong form
        container, name = _split(str(data["url"]))
        return cls(function_id, str(data["blobType"]), container, name, f'"{data["eTag"]}"')


@dataclass(frozen=True, slots=True)
class Received:
    """A message taken from the queue; no other slot sees it until it is deleted or given back."""

    message: BlobMessage
    tried: int
    handle: QueueMessage


class ControlQueue:
    """The control queue of one host."""

    def __init__(self, service: QueueServiceClient, host_id: str) -> None:
        """Open the queue in the host's own account, and make it if need be."""
        self._queue = _open(service, f"azure-webjobs-blobtrigger-{host_id}")

    def send(self, message: BlobMessage) -> None:
        self._queue.send_message(json.dumps(asdict(message)))

    def receive(self) -> Received | None:
        """Take a message, if there is one."""
        taken = self._queue.receive_message(visibility_timeout=_HOLD_SECONDS)
        if taken is None:
            return None
        return Received(BlobMessage(**json.loads(taken.content)), taken.dequeue_count or 1, taken)

    def delete(self, received: Received) -> None:
        self._queue.delete_message(received.handle)

    def give_back(self, received: Received) -> None:
        """Let it be taken again at once: for blobs the host knows no delay."""
        self._queue.update_message(received.handle, visibility_timeout=0)

    def length(self) -> int:
        """Return how many messages wait or are held."""
        return self._queue.get_queue_properties().approximate_message_count or 0


def send_to_poison(service: QueueServiceClient, message: BlobMessage) -> None:
    """Put a message that failed too often into the poison queue of the account that holds the blob."""
    _open(service, _POISON_QUEUE).send_message(json.dumps(asdict(message)))


def poison_length(service: QueueServiceClient) -> int:
    try:
        return service.get_queue_client(_POISON_QUEUE).get_queue_properties().approximate_message_count or 0
    except ResourceNotFoundError:
        return 0


def _open(service: QueueServiceClient, name: str) -> QueueClient:
    queue = service.get_queue_client(
        name, message_encode_policy=TextBase64EncodePolicy(), message_decode_policy=TextBase64DecodePolicy()
    )
    with contextlib.suppress(ResourceExistsError):
        queue.create_queue()
    return queue


def _split(url: str) -> tuple[str, str]:
    """Return container and name of a blob's address."""
    address = urlsplit(url)
    path = address.path.lstrip("/")
    if not address.hostname or not address.hostname.endswith(".windows.net"):
        path = path.partition("/")[2]  # an emulator's address begins with the account
    container, _, name = path.partition("/")
    if not container or not name:
        raise ValueError("the event's url does not name a blob")
    return unquote(container), unquote(name)
