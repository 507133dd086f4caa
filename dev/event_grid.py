"""Event Grid for an emulator that sends no events: announces every written blob to a webhook.

Like the real one it delivers at least once and promises no order; how bad it gets is the caller's choice. The form of
an event is that of event-schema-blob-storage.
"""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

import requests

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_TIMEOUT_SECONDS = 30.0  # Event Grid's own


@dataclass(frozen=True, slots=True)
class BlobCreated:
    """A blob that was written by PutBlockList; `size` in bytes, `etag` without quotes."""

    url: str
    container: str
    name: str
    etag: str
    size: int
    time: dt.datetime


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely an event is never delivered, delivered twice, or delivered after later ones; each from 0 to 1."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0


class EventGrid:
    """Subscriptions of webhooks to the blobs of containers. Not for more than one thread."""

    def __init__(self, webhooks: Mapping[str, str], chance: random.Random, faults: Faults | None = None) -> None:
        """Take a webhook's address for each container; `chance` decides which events suffer."""
        self._webhooks = webhooks
        self._chance = chance
        self._faults = faults or Faults()
        self._held: list[BlobCreated] = []
        self._session = requests.Session()

    def validate(self) -> None:
        """Ask every webhook whether it wants the events. Raises RuntimeError if one does not prove that."""
        for container, webhook in self._webhooks.items():
            code = str(self._new_id())
            question = {"eventType": _VALIDATION, "data": {"validationCode": code}}
            try:
                answer = self._post(webhook, "SubscriptionValidation", question)
                proven = answer.ok and answer.json() == {"validationResponse": code}
            except requests.RequestException as error:
                raise RuntimeError(f"the webhook for {container} can't be reached: {type(error).__name__}") from None
            if not proven:
                raise RuntimeError(f"the webhook for {container} did not prove itself: status {answer.status_code}")

    def publish(self, event: BlobCreated) -> None:
        """Announce a blob that was written, as well as the faults allow."""
        if self._happens(self._faults.drop):
            return
        if self._happens(self._faults.delay):
            self._held.append(event)
            return
        self._deliver(event)
        if self._happens(self._faults.duplicate):
            self._deliver(event)
        while self._held and self._happens(0.5):
            self._deliver(self._held.pop(self._chance.randrange(len(self._held))))

    def deliver_held(self) -> None:
        """Deliver what was delayed, and what the webhook could not take."""
        held, self._held = self._held, []
        for event in held:
            self._deliver(event)

    def _deliver(self, event: BlobCreated) -> None:
        try:
            answer = self._post(self._webhooks[event.container], "Notification", self._envelope(event))
        except requests.RequestException:
            self._held.append(event)
            return
        if answer.status_code != HTTPStatus.ACCEPTED:
            self._held.append(event)

    def _post(self, webhook: str, kind: str, event: dict[str, Any]) -> requests.Response:
        return self._session.post(webhook, json=[event], headers={"aeg-event-type": kind}, timeout=_TIMEOUT_SECONDS)

    def _envelope(self, event: BlobCreated) -> dict[str, Any]:
        return {
            "topic": "/subscriptions/0/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/local",
            "subject": f"/blobServices/default/containers/{event.container}/blobs/{event.name}",
            "eventType": "Microsoft.Storage.BlobCreated",
            "eventTime": event.time.isoformat(),
            "id": str(self._new_id()),
            "data": {
                "api": "PutBlockList",
                "eTag": event.etag,
                "contentType": "application/octet-stream",
                "contentLength": event.size,
                "blobType": "BlockBlob",
                "url": event.url,
                "sequencer": f"{self._chance.getrandbits(160):040x}",
            },
            "dataVersion": "",
            "metadataVersion": "1",
        }

    def _happens(self, likelihood: float) -> bool:
        return self._chance.random() < likelihood

    def _new_id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128))
