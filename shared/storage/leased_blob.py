"""A small blob that one worker holds exclusively: with a lease that is kept alive, and writes that fail once it is
lost.

The fence: every write carries the lease and the ETag last seen, so a worker that was overtaken, however long it slept,
writes nothing ("Lease Blob", "Specifying conditional headers").
"""

import contextlib
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Self

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobLeaseClient, StorageErrorCode

from shared.clock import Clock
from shared.errors import HeldElsewhere, RetryLater
from shared.storage.account import account_name, storage_errors
from shared.storage.answers import says

_LEASE_SECONDS = 60
_RENEW_SECONDS = 20
REFUSED = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""Storage's answers if a lease or an ETag is not the expected one."""


class LeasedBlob:
    """A blob under a lease; made by `acquire`."""

    def __init__(self, client: BlobClient, lease: BlobLeaseClient, clock: Clock, acquired: float) -> None:
        self._client = client
        self._lease = lease
        self._clock = clock
        self._renewed = acquired
        self._lost = False
        self._etag = ""

    @classmethod
    def acquire(cls, client: BlobClient, clock: Clock) -> Self | None:
        """Take the lease; None if there is no such blob.

        Raises:
            HeldElsewhere: Another worker has it.
            StorageAway: The account can't be asked now.
        """
        # The client proposes the id, so a repeated request after a lost answer finds the lease to be ours.
        lease = BlobLeaseClient(client)
        asked = clock.monotonic()
        with storage_errors(account_name(client)):
            try:
                lease.acquire(_LEASE_SECONDS)
            except HttpResponseError as error:
                if says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    return None
                if error.status_code in REFUSED:
                    raise HeldElsewhere("Another worker holds the blob.") from None
                raise
        return cls(client, lease, clock, asked)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the lease alive until the context ends, then release it."""
        done = threading.Event()
        renewer = threading.Thread(target=self._keep_renewing, args=(done,), daemon=True)
        renewer.start()
        try:
            yield
        finally:
            done.set()
            renewer.join()
            self._release()

    def read(self) -> bytes:
        """Return the content.

        Raises:
            HeldElsewhere: The lease was lost, or the blob deleted.
        """
        with self._fenced():
            data, self._etag = self._stored()
            return data

    def write(self, data: bytes, metadata: dict[str, str], tags: dict[str, str]) -> None:
        """Overwrite what was last read or written.

        Raises:
            HeldElsewhere: Another worker holds the blob now; nothing was written.
        """
        self.check()
        with self._fenced():
            try:
                written = self._client.upload_blob(
                    data,
                    overwrite=True,
                    metadata=metadata,
                    tags=tags,
                    lease=self._lease,
                    etag=self._etag,
                    match_condition=MatchConditions.IfNotModified,
                )
                self._etag = str(written["etag"])
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.CONDITION_NOT_MET):
                    raise
                # The library repeats a write whose answer was lost, and the repetition finds what the first one wrote.
                stored, etag = self._stored()
                if stored != data:
                    raise
                self._etag = etag

    def check(self) -> None:
        """Check that the lease still holds, and renew it if it is due.

        Raises:
            HeldElsewhere: It was lost, or could not be renewed in time.
        """
        if not self._lost and self._age > _RENEW_SECONDS:
            self._renew()
        if self._lost or self._age > _LEASE_SECONDS:
            raise HeldElsewhere("The lease on the checkpoint expired, so another worker may hold the blob now.")

    def _stored(self) -> tuple[bytes, str]:
        found = self._client.download_blob(lease=self._lease)
        return bytes(found.readall()), str(found.properties.etag)

    @property
    def _age(self) -> float:
        return self._clock.monotonic() - self._renewed

    def _keep_renewing(self, done: threading.Event) -> None:
        while not done.wait(_RENEW_SECONDS):
            self._renew()

    def _renew(self) -> None:
        # A refusal is remembered and raised by `check`; anything else is tried again until the lease runs out.
        asked = self._clock.monotonic()
        with contextlib.suppress(HeldElsewhere, RetryLater):
            with self._fenced():
                self._lease.renew()
            self._renewed = asked

    def _release(self) -> None:
        # A lease that can't be released expires by itself.
        with contextlib.suppress(HeldElsewhere, RetryLater), self._fenced():
            self._lease.release()

    @contextlib.contextmanager
    def _fenced(self) -> Iterator[None]:
        with storage_errors(account_name(self._client)):
            try:
                yield
            except HttpResponseError as error:
                if error.status_code in REFUSED or says(error, StorageErrorCode.BLOB_NOT_FOUND):
                    self._lost = True
                    raise HeldElsewhere("Another worker has taken over the blob, so this one writes nothing.") from None
                raise
