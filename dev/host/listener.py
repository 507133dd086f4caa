"""Works off the control queue: calls the function of each event, tries a failed one again, sets it aside in the end."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from azure.core.exceptions import AzureError, ResourceNotFoundError

from dev.host.connections import blob_service, queue_service
from dev.host.control_queue import BlobMessage, ControlQueue, Received, poison_length, send_to_poison
from dev.host.functions import BlobTrigger, Result
from dev.host.host import Host
from dev.host.host_json import HostJson

_HOST_STORAGE = "AzureWebJobsStorage"
_POLL_SECONDS = 1.0
_logger = logging.getLogger("Host.Triggers")


class Listener:
    """The control queue of one host, with as many events worked on at once as `host.json` says."""

    def __init__(self, host: Host, host_json: HostJson, settings: Mapping[str, str], host_id: str) -> None:
        """Open the accounts that the settings name.

        Raises HostError if a setting is missing or malformed, AzureError if the host's account can't be reached.
        """
        self._host = host
        self._host_json = host_json
        self._queue = ControlQueue(queue_service(settings, _HOST_STORAGE), host_id)
        connections = {
            function.name: function.trigger.connection
            for function in host.functions.values()
            if isinstance(function.trigger, BlobTrigger)
        }
        self._blob_services = {name: blob_service(settings, setting) for name, setting in connections.items()}
        self._queue_services = {name: queue_service(settings, setting) for name, setting in connections.items()}
        self._wake = asyncio.Event()

    async def enqueue(self, message: BlobMessage) -> None:
        await asyncio.to_thread(self._queue.send, message)
        self._wake.set()

    async def pending(self) -> int:
        """Return how many events wait or are worked on."""
        return await asyncio.to_thread(self._queue.length)

    async def poisoned(self) -> int:
        """Return how many events were set aside, in all accounts that hold triggering blobs."""
        accounts = {service.account_name: service for service in self._queue_services.values()}
        return sum([await asyncio.to_thread(poison_length, service) for service in accounts.values()])

    async def listen(self, stopping: asyncio.Event) -> None:
        """Work until told to stop, and then end what was begun."""
        slots = [asyncio.create_task(self._slot(stopping)) for _ in range(self._host_json.parallelism)]
        await stopping.wait()
        self._wake.set()
        await asyncio.gather(*slots)

    async def _slot(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self._wake.clear()  # before looking, so that what arrives from here on is not missed
            try:
                received = await asyncio.to_thread(self._queue.receive)
                if received:
                    await self._work_on(received)
                    continue
            except AzureError as error:
                _logger.error("the control queue can't be worked on: %s", error.message)  # noqa: TRY400 -- expected
            if not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _POLL_SECONDS)

    async def _work_on(self, received: Received) -> None:
        if await self._try(received.message):
            await asyncio.to_thread(self._queue.delete, received)
        elif received.tried < self._host_json.tries:
            await asyncio.to_thread(self._queue.give_back, received)
            self._wake.set()
        else:
            name = _function_name(received.message)
            await asyncio.to_thread(send_to_poison, self._queue_services[name], received.message)
            await asyncio.to_thread(self._queue.delete, received)
            _logger.error(
                "%s failed %d times on %s; set aside as poison", name, received.tried, received.message.BlobName
            )

    async def _try(self, message: BlobMessage) -> bool:
        """Return whether the event is done: its function succeeded, or the function or blob no longer exists."""
        name = _function_name(message)
        if name not in self._blob_services:
            _logger.warning("an event for the function %s, which this app does not have, is dropped", name)
            return True
        blob = self._blob_services[name].get_blob_client(message.ContainerName, message.BlobName)
        try:
            await asyncio.to_thread(blob.get_blob_properties)
        except ResourceNotFoundError:
            _logger.info("an event for %s, which is gone, is dropped", message.BlobName)
            return True
        except AzureError as error:
            _logger.error("%s can't be looked at: %s", message.BlobName, error.message)  # noqa: TRY400 -- expected
            return False
        return await self._host.run_on_blob(name, message.ContainerName, message.BlobName) is Result.SUCCEEDED


def _function_name(message: BlobMessage) -> str:
    return message.FunctionId.removeprefix("Host.Functions.")
