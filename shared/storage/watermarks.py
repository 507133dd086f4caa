"""The watermark of one log container: from which hour the sweep looks, stored beside the checkpoints."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from shared.errors import ContainerMissing, HeldElsewhere, Unreadable
from shared.flowlog import LogKind
from shared.storage.account import account_name, storage_errors
from shared.storage.answers import says
from shared.storage.checkpoints import CONTAINER

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoppedAt:
    """Where a sweep stopped: after the log blob of this name, among those that it lists from this hour on."""

    hour: datetime
    name: str


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far back the sweep must look.

    Attributes:
        start: The hour of installation.
        since: The oldest hour that was read when the sweeps began to look; START_FROM can move it either way.
        hour: Every hour from `since` up to it was found complete.
        tidied: When old checkpoints were last removed.
        tidy_from: The day from which removing them continues, if time ran out.
        existed: Whether the log container ever existed. One of the two kinds usually never does, which is not a fault.
        stopped: Where the last sweep ran out of time; None if it finished.
    """

    start: datetime
    since: datetime
    hour: datetime
    tidied: datetime
    tidy_from: datetime
    existed: bool = False
    stopped: StoppedAt | None = None

    def lost(self, missing: ContainerMissing) -> str:
        """Return a sentence that the log container is gone and what follows; "" if it never existed."""
        return f"{missing} It used to have one, so everything waits until it is back." if self.existed else ""


class Watermarks:
    """The watermarks of one flow-log account."""

    def __init__(self, service: BlobServiceClient, log_account: str) -> None:
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)
        self._log_account = log_account

    def load(self, kind: LogKind) -> tuple[Watermark, str] | None:
        """Return the watermark and its ETag, None before the first run.

        Raises:
            Unreadable: It is of a newer format, or damaged.
        """
        found = self._stored(kind)
        return None if found is None else (_from_json(found[0]), found[1])

    def create(self, kind: LogKind, watermark: Watermark) -> None:
        """Write the first watermark, unless another worker did so before."""
        with storage_errors(self._account):
            try:
                self._container.upload_blob(self._name(kind), _to_json(watermark), overwrite=False)
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.BLOB_ALREADY_EXISTS, StorageErrorCode.CONDITION_NOT_MET):
                    raise

    def save(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        """Overwrite the watermark last seen; return the new ETag.

        Raises:
            HeldElsewhere: Another sweep wrote it meanwhile.
        """
        data = _to_json(watermark)
        with storage_errors(self._account):
            try:
                written = self._container.get_blob_client(self._name(kind)).upload_blob(
                    data, overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified
                )
                return str(written["etag"])
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.CONDITION_NOT_MET, StorageErrorCode.BLOB_NOT_FOUND):
                    raise
        # The library repeats a write whose answer was lost, and the repetition finds what the first one wrote.
        found = self._stored(kind)
        if found is None or found[0] != data:
            raise HeldElsewhere("Another sweep is running.")
        return found[1]

    def _stored(self, kind: LogKind) -> tuple[bytes, str] | None:
        with storage_errors(self._account):
            try:
                found = self._container.download_blob(self._name(kind))
                return bytes(found.readall()), str(found.properties.etag)
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND, StorageErrorCode.CONTAINER_NOT_FOUND):
                    return None
                raise

    def _name(self, kind: LogKind) -> str:
        return f"{self._log_account}/{kind.container}/watermark.json"


def _to_json(watermark: Watermark) -> bytes:
    return orjson.dumps({"format": _FORMAT, **{name: getattr(watermark, name) for name in Watermark.__slots__}})


def _from_json(data: bytes) -> Watermark:
    try:
        document = orjson.loads(data)
        if document["format"] != _FORMAT:
            raise Unreadable("A watermark has a newer format than this version knows. Run the newer Sluice.")
        return Watermark(
            **{name: _time(document[name]) for name in ("start", "since", "hour", "tidied", "tidy_from")},
            existed=document.get("existed") is True,
            stopped=_stopped_at(document.get("stopped")),
        )
    except (ValueError, KeyError, TypeError):
        raise Unreadable("A watermark can't be read. Look at it, or delete it to start from this hour.") from None


def _stopped_at(document: Any) -> StoppedAt | None:  # noqa: ANN401 -- JSON
    return None if document is None else StoppedAt(_time(document["hour"]), str(document["name"]))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
