"""Real PT1H.json files, each uploaded as a log blob of its own in several commits.

What must become of them is what the decoder makes of each piece that is committed: so a replay shows the delivery, and
leaves the decoder to its own tests.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.demo.ledger import Aside, Ledger
from dev.event_grid import BlobCreated
from dev.flowlogs.blob import Commit, LogBlob
from dev.flowlogs.formats import KEYS
from dev.rig import Rig
from shared.flowlog import LogKind, decode

_COMMITS = 10
_MOST_HOURS = 800  # a log blob of more than 35 days is not read without asking
_HOUR = dt.timedelta(hours=1)
_NAME = re.compile(
    r"(?P<resource>(?:resourceId|flowLogResourceID)=.+)/y=(\d{4})/m=(\d\d)/d=(\d\d)/h=(\d\d)/m=\d\d"
    r"(?P<card>/macAddress=[^/]+)?/PT1H\.json",
    re.IGNORECASE,
)
_OPENING = re.compile(r'\s*\{\s*"records"\s*:\s*\[')
_CLOSING = re.compile(r"\s*\]\s*\}\s*")
_SPACE = re.compile(r"[\s,]*")


class NoLogsError(Exception):
    """There is nothing to replay; the message says where and what is wanted."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to replay, and the blob of a certain hour that it becomes."""

    path: Path
    container: str
    blob: str
    hour: dt.datetime


def find_sources(directory: Path, now: dt.datetime) -> list[Source]:
    """The JSON files in a directory and below.

    A file whose path is a blob's keeps its resource and network card. Hours are moved up to the present one, since
    old logs are not read without asking. Raises NoLogsError if there are no files, or of too many hours.
    """
    files = sorted(path for path in directory.rglob("*.json") if path.is_file())
    if not files:
        raise NoLogsError(f"there are no .json files in {directory}; name a folder that holds PT1H.json files")
    names = {path: _NAME.search(path.as_posix()) for path in files}
    hours = sorted({name.group(2, 3, 4, 5) for name in names.values() if name}, reverse=True)
    if len(hours) > _MOST_HOURS:
        raise NoLogsError(f"the files in {directory} are of {len(hours)} hours; at most {_MOST_HOURS} can be replayed")
    return [_source(number, path, names[path], hours, now) for number, path in enumerate(files)]


def _source(
    number: int, path: Path, name: re.Match[str] | None, hours: list[tuple[str, ...]], now: dt.datetime
) -> Source:
    kind = LogKind.VNET if b'"flowRecords"' in path.read_bytes() else LogKind.NSG
    if name:
        resource, card = name["resource"], name["card"] or ""
        hour = now - hours.index(name.group(2, 3, 4, 5)) * _HOUR
        kind = LogKind.VNET if resource.lower().startswith("flowlog") else LogKind.NSG
    else:
        resource, card, hour = f"{kind.value}=/REPLAYED/{path.stem.upper()}", f"/macAddress={number:012X}", now
    return Source(path, kind.container, f"{resource}/{hour:y=%Y/m=%m/d=%d/h=%H}/m=00{card}/PT1H.json", hour)


def replay(rig: Rig, sources: list[Source], ledger: Ledger, progress: Callable[[int], None]) -> None:
    """Upload files, and tell of every commit; `progress` gets the number of files done."""
    for number, source in enumerate(sources, start=1):
        for commit, content in _upload(rig, source):
            now = dt.datetime.now(dt.UTC)
            decoded = decode(content)
            asides = (
                Aside(source.blob, item.unit.value, item.raw.decode(errors="replace")) for item in decoded.set_aside
            )
            records = Counter(tuple(json.loads(line)[key] for key in KEYS) for line in decoded.lines)
            ledger.enter(commit, now, records, Counter(asides))
            rig.events.publish(BlobCreated(commit.url, commit.container, commit.name, commit.etag, commit.size, now))
        progress(number)


def _upload(rig: Rig, source: Source) -> Iterator[tuple[Commit, bytes]]:
    """Commit a file piece by piece; yields what each commit added. One of an odd form is uploaded in one."""
    content = source.path.read_bytes()
    records = split_records(content)
    if not records:
        service = rig.log_service
        LogBlob(service, source.container, source.blob)
        client = service.get_blob_client(source.container, source.blob)
        etag = str(client.upload_blob(content, overwrite=True)["etag"]).strip('"')
        yield Commit(source.container, source.blob, client.url, etag, len(content)), content
        return
    blob = LogBlob(rig.log_service, source.container, source.blob)
    size = -(-len(records) // _COMMITS)
    for start in range(0, len(records), size):
        part = records[start : start + size]
        yield blob.append(part), b",".join(part)


def split_records(content: bytes) -> list[bytes]:
    """The log records of a file as they stand; none if the file is not of the usual form."""
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
        except ValueError:
            return []
        records.append(text[start:position].encode())
    return records
