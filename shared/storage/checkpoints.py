"""Where checkpoints are kept: one small leased blob for each log blob.

Names put the hour first, so that a sweep lists an hour at once; metadata carry what the sweep compares, so that it
reads no checkpoint whose log blob has not changed. A tag finds open checkpoints of any age.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobProperties, BlobServiceClient, StorageErrorCode

from shared.clock import Clock
from shared.errors import ContainerMissing, Unreadable
from shared.flowlog import LogBlob, LogKind
from shared.storage.account import account_name, storage_errors
from shared.storage.answers import says
from shared.storage.checkpoint import Checkpoint, State
from shared.storage.leased_blob import REFUSED, LeasedBlob
from shared.storage.listing import every, time_of

CONTAINER = "checkpoints"
_THERE_ALREADY = (
    StorageErrorCode.BLOB_ALREADY_EXISTS,
    StorageErrorCode.CONDITION_NOT_MET,
    StorageErrorCode.LEASE_ID_MISSING,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a listing says about a checkpoint.

    Attributes:
        blob: The log blob's name.
        etag: The log's commit at which nothing was left; "" while something is.
        offset: Bytes delivered.
        state: Open or closed.
        modified: When the checkpoint was last written.
    """

    blob: str
    etag: str
    offset: int
    state: State
    modified: datetime


class Hold:
    """A log blob held by this worker alone, by the lease on its checkpoint."""

    def __init__(self, blob: LeasedBlob, name: str) -> None:
        self._blob = blob
        self._name = name

    def load(self) -> Checkpoint:
        """Return the checkpoint, read under the lease.

        Raises:
            HeldElsewhere: The lease was lost, or the checkpoint deleted.
            Unreadable: It is of a newer format, or damaged, or another log blob's.
        """
        checkpoint = Checkpoint.from_json(self._blob.read())
        if checkpoint.blob != self._name:
            raise Unreadable(
                f"The checkpoint of {self._name} is about another blob. Delete it to read the log again from the start."
            )
        return checkpoint

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint.

        Raises:
            HeldElsewhere: Another worker holds the blob now; nothing was written.
        """
        self._blob.write(checkpoint.to_json(), _metadata(checkpoint), _tags(checkpoint))

    def check(self) -> None:
        """Check that the lease still holds; call this before every post.

        Raises:
            HeldElsewhere: It was lost, or could not be renewed in time.
        """
        self._blob.check()


class Checkpoints:
    """The checkpoints of one flow-log account, in the function's own account."""

    def __init__(self, service: BlobServiceClient, log_account: str, clock: Clock) -> None:
        self._container = service.get_container_client(CONTAINER)
        self._account = account_name(service)
        self._log_account = log_account
        self._clock = clock

    def create(self, log: LogBlob, checkpoint: Checkpoint) -> None:
        """Write a first checkpoint, unless another worker did so before."""
        with storage_errors(self._account):
            try:
                self._client(log).upload_blob(
                    checkpoint.to_json(),
                    overwrite=False,
                    metadata=_metadata(checkpoint),
                    tags=_tags(checkpoint),
                )
            except HttpResponseError as error:
                if not says(error, *_THERE_ALREADY):
                    raise

    def read(self, log: LogBlob) -> Checkpoint | None:
        """Return a checkpoint without holding it, None if there is none.

        Raises:
            Unreadable: It is of a newer format, or damaged.
        """
        with storage_errors(self._account):
            try:
                stored = bytes(self._client(log).download_blob().readall())
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND, StorageErrorCode.CONTAINER_NOT_FOUND):
                    return None
                raise
        return Checkpoint.from_json(stored)

    @contextlib.contextmanager
    def hold(self, log: LogBlob) -> Iterator[Hold | None]:
        """Hold a log blob until the context ends; None if it has no checkpoint yet.

        Raises:
            HeldElsewhere: Another worker holds it.
        """
        blob = LeasedBlob.acquire(self._client(log), self._clock)
        if blob is None:
            yield None
            return
        with blob.kept():
            yield Hold(blob, log.name)

    def delete(self, log: LogBlob) -> None:
        """Remove a checkpoint that nobody holds."""
        with storage_errors(self._account):
            try:
                self._client(log).delete_blob()
            except HttpResponseError as error:
                if error.status_code not in REFUSED and not says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    raise

    def listed(self, kind: LogKind, prefix: str = "") -> Iterator[Summary]:
        """Yield the checkpoints whose hour begins with a prefix such as `y=2026/m=11/d=23/h=15/`."""
        items = self._container.list_blobs(name_starts_with=f"{self._folder(kind)}{prefix}", include=["metadata"])
        with contextlib.suppress(ContainerMissing):  # before the first run
            yield from every(self._account, CONTAINER, items, _summary)

    def listed_open(self, kind: LogKind, before: datetime) -> Iterator[Summary]:
        """Yield every open checkpoint of an hour before this one.

        The others, one for each log blob that is still growing, are recognised by name and not read. The tag index lags
        behind by seconds; what it does not contain yet is found by a later sweep.
        """
        items = self._container.find_blobs_by_tags(f"\"state\"='{State.OPEN.value}'")
        with contextlib.suppress(ContainerMissing):
            for name in every(self._account, CONTAINER, items, lambda item: str(item.name)):
                if self._folder(kind) < name < f"{self._folder(kind)}{_hour(before)}":
                    summary = self._summary_of(name)
                    if summary is not None:
                        yield summary

    def _summary_of(self, name: str) -> Summary | None:
        # By its metadata, so that one whose content can't be read is reported, too.
        with storage_errors(self._account):
            try:
                return _summary(self._container.get_blob_client(name).get_blob_properties())
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    return None
                raise

    def _client(self, log: LogBlob) -> BlobClient:
        digest = hashlib.sha256(log.name.encode()).hexdigest()
        return self._container.get_blob_client(f"{self._folder(log.kind)}{_hour(log.hour)}/{digest}.json")

    def _folder(self, kind: LogKind) -> str:
        return f"{self._log_account}/{kind.container}/"


def _hour(hour: datetime) -> str:
    return f"{hour:y=%Y/m=%m/d=%d/h=%H}"


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    metadata = {"log_blob": quote(checkpoint.blob), "offset": str(checkpoint.offset), "state": checkpoint.state.value}
    # Metadata with an empty value is a special case, which listings return as none at all.
    return metadata | {"log_etag": checkpoint.etag} if checkpoint.etag else metadata


def _tags(checkpoint: Checkpoint) -> dict[str, str]:
    return {"state": checkpoint.state.value}


def _summary(item: BlobProperties) -> Summary | None:
    # None for what is not a checkpoint, or has a newer format: the worker that holds it will report it.
    metadata, modified = item.metadata or {}, time_of(item.last_modified)
    try:
        return Summary(
            blob=unquote(metadata["log_blob"]),
            etag=metadata.get("log_etag", ""),
            offset=int(metadata["offset"]),
            state=State(metadata["state"]),
            modified=modified,
        )
    except (KeyError, ValueError):
        return None
