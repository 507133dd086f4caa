"""The watermark of one log container: from which hour on the sweep looks, kept beside the checkpoints."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from shared.errors import HeldElsewhere, Unreadable
from shared.flowlog import LogKind
from shared.storage.account import account_name, storage_errors
from shared.storage.checkpoints import CONTAINER

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far back the sweep must look.

    Attributes:
        start: the hour of installation.
        since: the oldest hour that was read when the sweeps began to look; START_FROM can move it either way.
        hour: every hour from `since` up to it was found complete.
        tidied: when old checkpoints were last removed.
        tidy_from: the day that removing them goes on from, if time ran out.
    """

    start: datetime
    since: datetime
    hour: datetime
    tidied: datetime
    tidy_from: datetime


class Watermarks:
    """The watermarks of one flow-log account."""

    def __init__(self, service: BlobServiceClient, log_account: str) -> None:
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)
        self._log_account = log_account

    def load(self, kind: LogKind) -> tuple[Watermark, str] | None:
        """Return the watermark and its ETag, None before the first run.

        Raises:
            Unreadable: it is of a newer format, or damaged.
        """
        with storage_errors(self._account):
            try:
                found = self._container.download_blob(self._name(kind))
                return _from_json(bytes(found.readall())), str(found.properties.etag)
            except ResourceNotFoundError:
                return None

    def create(self, kind: LogKind, watermark: Watermark) -> None:
        """Write the first watermark, unless another worker did so before."""
        with storage_errors(self._account):
            try:
                self._container.upload_blob(self._name(kind), _to_json(watermark), overwrite=False)
            except ResourceExistsError:
                return

    def save(self, kind: LogKind, watermark: Watermark, etag: str) -> str:
        """Write the watermark over the one last seen; return the new ETag.

        Raises:
            HeldElsewhere: another sweep wrote it meanwhile.
        """
        with storage_errors(self._account):
            try:
                written = self._container.get_blob_client(self._name(kind)).upload_blob(
                    _to_json(watermark), overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified
                )
                return str(written["etag"])
            except ResourceModifiedError:
                raise HeldElsewhere("Another sweep is at work.") from None

    def _name(self, kind: LogKind) -> str:
        return f"{self._log_account}/{kind.container}/watermark.json"


def _to_json(watermark: Watermark) -> bytes:
    return orjson.dumps({"format": _FORMAT, **{name: getattr(watermark, name) for name in Watermark.__slots__}})


def _from_json(data: bytes) -> Watermark:
    try:
        document = orjson.loads(data)
        if document["format"] != _FORMAT:
            raise Unreadable("A watermark has a newer format than this version knows. Run the newer Sluice.")
        return Watermark(*(_time(document[name]) for name in Watermark.__slots__))
    except (ValueError, KeyError, TypeError):
        raise Unreadable("A watermark can't be read. Look at it, or delete it to start from this hour.") from None


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
