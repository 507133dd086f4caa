"""The log blobs in the flow-log account, and what their listing says about each."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice

from azure.storage.blob import BlobPrefix, BlobProperties, BlobServiceClient, BlobType, StandardBlobTier

from shared.flowlog import LogBlob, LogKind, is_named_like_a_log, parse_blob_name
from shared.storage.account import account_name
from shared.storage.listing import every, time_of

NOT_A_BLOCK_BLOB = "is not a block blob, so it is not a flow log that Azure wrote."
ARCHIVED = "is archived. Rehydrate it, then replay its hour."
COMPRESSED = "is compressed. Store it uncompressed, then replay its hour."
_BLOBS_IN_A_BEGINNING = 20_000
_YEAR, _MONTH, _HOUR = map(re.compile, ("y=20[0-9]{2}", "m=(0[1-9]|1[0-2])", "h=([01][0-9]|2[0-3])"))


@dataclass(frozen=True, slots=True)
class ListedLog:
    """A log blob in a listing.

    Attributes:
        log: What its name tells.
        size: bytes.
        modified: When it was last committed.
        etag: That commit's ETag.
        problem: A sentence if it can't be read as it is, else "".
    """

    log: LogBlob
    size: int
    modified: datetime
    etag: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A blob that is named like a flow log, but not in a known form: nothing reads it."""

    name: str


class LogListings:
    """Lists the log blobs of one account.

    Every listing raises ContainerMissing where there is no container for the kind of log, and StorageAway if the
    account can't be asked now.

    Attributes:
        name: The account's name.
    """

    def __init__(self, service: BlobServiceClient) -> None:
        self._service = service
        self.name = account_name(service)

    def resources(self, kind: LogKind) -> Iterator[str]:
        """Yield the same as `roots`, without the unknown names."""
        return (found for found in self.roots(kind) if isinstance(found, str))

    def roots(self, kind: LogKind) -> Iterator[str | UnknownName]:
        """Walk the folders down to those of the years; yield a prefix for each NSG or flow log, and unknown names
        beside them.

        Names of logs begin with a key, so folders that don't are left out; `elsewhere` looks there.
        """
        pending = [""]
        while pending:
            parent = pending.pop()
            resource, is_known = parent.rstrip("/"), False
            for found in self._walk(kind, parent):
                if isinstance(found, UnknownName):
                    yield found
                elif resource and _YEAR.fullmatch(_last(found)):
                    if not is_known:
                        yield resource
                    is_known = True
                elif resource or "=" in found:
                    pending.append(found)

    def listed(self, kind: LogKind, prefix: str) -> Iterator[ListedLog]:
        """Yield the same as `entries`, without the unknown names."""
        return (found for found in self.entries(kind, prefix) if isinstance(found, ListedLog))

    def entries(self, kind: LogKind, prefix: str) -> Iterator[ListedLog | UnknownName]:
        """List the log blobs under a prefix, and unknown names among them."""
        items = self._service.get_container_client(kind.container).list_blobs(name_starts_with=prefix)
        return every(self.name, kind.container, items, partial(_entry, kind))

    def beginning(self, kind: LogKind) -> Iterator[ListedLog | UnknownName]:
        """Yield the same as `entries` of the entire container, up to a limit, so that a large one does not take
        minutes.
        """
        return islice(self.entries(kind, ""), _BLOBS_IN_A_BEGINNING)

    def is_listed(self, log: LogBlob) -> bool:
        """Return whether the listing shows a log blob."""
        return any(item.log == log for item in self.listed(log.kind, log.name))

    def misplaced(self, kind: LogKind, resource: str, first: date, last: date) -> Iterator[UnknownName]:
        """Yield unknown names beside the folders of the months, days and hours of a resource, from `first` on.

        Listings of hours don't come across them. This takes a listing for each year, month and day.
        """
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for year in sorted({f"{day:y=%Y}" for day in days}):
            yield from self._beside(kind, f"{resource}/{year}/", _MONTH.fullmatch)
        for month in sorted({day.replace(day=1) for day in days}):
            of_month = {f"d={number:02}" for number in range(1, 1 + monthrange(month.year, month.month)[1])}
            yield from self._beside(kind, f"{resource}/{month:y=%Y/m=%m}/", of_month.__contains__)
        for day in days:
            yield from self._beside(kind, f"{resource}/{day:y=%Y/m=%m/d=%d}/", _HOUR.fullmatch)

    def elsewhere(self, kind: LogKind) -> Iterator[UnknownName]:
        """Yield unknown names in folders whose names do not begin with a key, where no log can be."""
        for found in self._walk(kind, ""):
            if isinstance(found, str) and "=" not in found:
                yield from (each for each in self.entries(kind, found) if isinstance(each, UnknownName))

    def _beside(self, kind: LogKind, folder: str, known: Callable[[str], object]) -> Iterator[UnknownName]:
        for found in self._walk(kind, folder):
            if isinstance(found, UnknownName):
                yield found
            elif not known(_last(found)):
                for each in self.entries(kind, found):
                    # One whose name is known all the same is read by events alone: no listing of an hour shows it.
                    yield each if isinstance(each, UnknownName) else UnknownName(each.log.name)

    def _walk(self, kind: LogKind, prefix: str) -> Iterator[str | UnknownName]:
        # The folders right under a prefix, and the blobs there that are named like a log: none can be one.
        container = self._service.get_container_client(kind.container)
        items = container.walk_blobs(name_starts_with=prefix, delimiter="/")
        return every(self.name, kind.container, items, _folder)


def _entry(kind: LogKind, item: BlobProperties) -> ListedLog | UnknownName | None:
    log = parse_blob_name(kind.container, item.name)
    if log is None:
        return UnknownName(item.name) if is_named_like_a_log(item.name) else None
    return ListedLog(log, int(item.size), time_of(item.last_modified), _quoted(item.etag), _problem(item))


def _folder(item: BlobProperties | BlobPrefix) -> str | UnknownName | None:
    if isinstance(item, BlobPrefix):
        return str(item.name)
    return UnknownName(item.name) if is_named_like_a_log(item.name) else None


def _last(folder: str) -> str:
    return folder.rstrip("/").rpartition("/")[2]


def _problem(item: BlobProperties) -> str:
    if item.blob_type != BlobType.BLOCKBLOB:
        return f"It {NOT_A_BLOCK_BLOB}"
    if item.blob_tier == StandardBlobTier.ARCHIVE:
        return f"It {ARCHIVED}"
    # Azure marks no log so. One that is marked by mistake is read by events and replays, which see its bytes.
    if (item.content_settings.content_encoding or "identity").lower() != "identity":
        return f"It {COMPRESSED}"
    return ""


def _quoted(etag: str) -> str:
    # Listings give ETags bare, every other answer gives them in quotes.
    return f'"{etag.strip('"')}"'
