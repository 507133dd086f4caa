"""Real PT1H.json files, each uploaded as a log blob of its own in several commits, and whatever else is in a folder."""

import datetime as dt
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.demo.due import Due, due_of_block, due_of_whole
from dev.demo.ledger import Ledger
from dev.event_grid import BlobCreated
from dev.flowlogs.blob import Commit, LogBlob
from dev.rig import Rig
from shared.flowlog import LogKind, parse_blob_name

_COMMITS = 10
_MOST_HOURS = 800  # a log blob of more than 35 days is not read without asking
_HOUR = dt.timedelta(hours=1)
_NAME = re.compile(
    r"(?P<resource>(?:resourceId|flowLogResourceID)=.+)/y=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/m=\d\d"
    r"(?P<nic>/macAddress=[^/]+)?/PT1H\.json",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\w()=-]+(?:\.[\w()=-]+)*")  # a part of a blob's name that storage takes and no address changes
_LONGEST_NAME = 1024  # bytes
_ODD = re.compile(r"[^A-Z0-9-]")
_LONGEST_STEM = 100
_BEGINNING = 1024 * 1024  # bytes that tell the kind of log
_LARGEST = 1_000_000_000  # bytes
_OPENING = re.compile(r'\s*\{\s*"records"\s*:\s*\[')
_CLOSING = re.compile(r"\s*\]\s*\}\s*")
_SPACE = re.compile(r"[\s,]*")


class NoLogsError(Exception):
    """There is nothing to replay; the message says where and what is wanted."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to replay, and the blob of a certain hour that it becomes.

    Attributes:
        problem: Why it can't be read and is left out, else "".
    """

    path: Path
    container: str
    blob: str
    hour: dt.datetime
    problem: str = ""


def find_sources(directory: Path, now: dt.datetime) -> list[Source]:
    """Return the JSON files in a directory and below.

    A file whose path is a blob's keeps its resource and NIC, if no other has the same. Hours are moved up to
    the present one, since old logs are not read without being asked for. Raises NoLogsError if there are no files
    that can be read, or of too many hours.
    """
    files = sorted(filter(_may_be_file, directory.rglob("*.json", case_sensitive=False)))
    if not files:
        raise NoLogsError(f"there are no .json files in {directory}; name a folder with PT1H.json files")
    names = {path: _NAME.search(path.as_posix()) for path in files}
    hours = sorted({name.group(2, 3, 4, 5) for name in names.values() if name}, reverse=True)
    if len(hours) > _MOST_HOURS:
        raise NoLogsError(f"the files in {directory} cover {len(hours)} hours; at most {_MOST_HOURS} can be replayed")
    sources: dict[str, Source] = {}
    for number, path in enumerate(files):
        name = names[path]
        source = _named(path, name, now - hours.index(name.group(2, 3, 4, 5)) * _HOUR) if name else None
        if source is None or source.blob in sources:
            source = _numbered(number, path, now)
        sources[source.blob] = source
    if all(source.problem for source in sources.values()):
        problem = next(iter(sources.values())).problem
        raise NoLogsError(f"none of the .json files in {directory} can be read: {problem}")
    return list(sources.values())


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it is there, and can't be looked at
        return True


def _named(path: Path, name: re.Match[str], hour: dt.datetime) -> Source | None:
    """Return the source whose blob is named as its path; None if Azure would not name one so."""
    resource, nic = name["resource"], name["nic"] or ""
    kind = LogKind.VNET if resource.lower().startswith("flowlog") else LogKind.NSG
    blob = _blob_name(resource, hour, nic)
    plain = len(blob.encode()) <= _LONGEST_NAME and all(map(_PLAIN.fullmatch, blob.split("/")))
    if not plain or parse_blob_name(kind.container, blob) is None:
        return None
    return Source(path, kind.container, blob, hour, _beginning(path)[1])


def _numbered(number: int, path: Path, hour: dt.datetime) -> Source:
    beginning, problem = _beginning(path)
    kind = LogKind.VNET if b'"flowRecords"' in beginning else LogKind.NSG
    stem = _ODD.sub("_", path.stem.upper())[:_LONGEST_STEM]
    blob = _blob_name(f"{kind.value}=/REPLAYED/{stem}", hour, f"/macAddress={number:012X}")
    return Source(path, kind.container, blob, hour, problem)


def _blob_name(resource: str, hour: dt.datetime, nic: str) -> str:
    return f"{resource}/{hour:y=%Y/m=%m/d=%d/h=%H}/m=00{nic}/PT1H.json"


def _beginning(path: Path) -> tuple[bytes, str]:
    """Return the first bytes of a file, and why it can't be replayed, else ""."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        return b"", error.strerror or type(error).__name__
    too_large = f"it has {size / 1e6:,.0f} MB, and at most {_LARGEST / 1e6:,.0f} MB of a file can be held in memory"
    return beginning, too_large if size > _LARGEST else ""


def replay(rig: Rig, sources: list[Source], ledger: Ledger, progress: Callable[[int], None]) -> None:
    """Upload files, and tell of every commit; `progress` gets the number of files done.

    Raises NoLogsError if a file can't be read any more.
    """
    for number, source in enumerate(sources, start=1):
        _replay(rig, source, ledger)
        progress(number)


def _replay(rig: Rig, source: Source, ledger: Ledger) -> None:
    try:
        content = source.path.read_bytes()
    except OSError as error:
        raise NoLogsError(f"{source.path} can no longer be read: {error.strerror}") from error
    for commit, due in _upload(rig, source, content):
        now = dt.datetime.now(dt.UTC)
        ledger.enter(commit, now, due.flow_records, due.asides)
        ledger.leave(source.blob, due.left, due.backlog)
        rig.events.publish(BlobCreated(commit.url, commit.container, commit.name, commit.etag, commit.size, now))


def _upload(rig: Rig, source: Source, content: bytes) -> Iterator[tuple[Commit, Due]]:
    """Commit a file piece by piece; yields what must become of each commit. One of an odd form is uploaded in one."""
    records = split_records(content)
    blob = LogBlob(rig.log_service, source.container, source.blob)
    if not records:
        client = rig.log_service.get_blob_client(source.container, source.blob)
        etag = str(client.upload_blob(content, overwrite=True)["etag"]).strip('"')
        whole = Commit(source.container, source.blob, client.url, etag, len(content))
        yield whole, due_of_whole(source.blob, content)
        return
    size = -(-len(records) // _COMMITS)
    for start in range(0, len(records), size):
        part = records[start : start + size]
        block = (b"," if start else b"") + b",".join(part)
        yield blob.append(part), due_of_block(source.blob, block)


def split_records(content: bytes) -> list[bytes]:
    """Return the log records of a file as they stand; none if the file is not of the usual form."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return []
    opening = _OPENING.match(text)
    if not opening:
        return []
    records, position, decoder = [], opening.end(), json.JSONDecoder()
    while not _CLOSING.fullmatch(text, position):
        start = _SPACE.match(text, position).end()  # type: ignore[union-attr] # it matches nothing, too
        try:
            _, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # it is not JSON, or nested so deeply that Python does not read it
            return []
        records.append(text[start:position].encode())
    return records
