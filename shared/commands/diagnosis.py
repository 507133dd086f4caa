"""What `sluice doctor` checks, and what it says to do."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

from azure.core import MatchConditions

from shared.commands.opening import Parts
from shared.commands.tables import duration
from shared.errors import Overtaken, SluiceError, TokenRefused
from shared.flowlog import LogKind
from shared.ingester import make_containers
from shared.settings import ByIdentity, StorageConnection
from shared.storage import checkpoints
from shared.storage.account import account_name, storage_errors
from shared.storage.logs import ListedLog

_ENDS_SOON: Final = timedelta(days=14)
_CLOCK_IS_OFF: Final = timedelta(minutes=1)
_CLOCK_IS_WRONG: Final = timedelta(minutes=15)
"""Storage refuses requests that are signed with a key from then on (Azure Storage, "Authorize with Shared Key")."""
_LEASE_SECONDS: Final = 15


class State(Enum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: what was checked, how it came out, and a sentence with what to do."""

    subject: str
    state: State
    message: str


def diagnose(parts: Parts) -> Iterator[Finding]:
    """Check everything that the settings lead to; whatever fails is a finding."""
    yield _clock(parts)
    yield _flow_logs(parts)
    yield _own_storage(parts)
    yield from _gateway(parts)


def _clock(parts: Parts) -> Finding:
    seen: dict[str, datetime] = {}

    def note(answer: Any) -> None:  # noqa: ANN401 -- azure-core's pipeline response is generic in two ways
        with contextlib.suppress(ValueError, TypeError):
            seen["storage"] = parsedate_to_datetime(answer.http_response.headers.get("date"))
            seen["here"] = parts.clock.now()

    with contextlib.suppress(SluiceError), storage_errors(account_name(parts.own)):
        next(iter(parts.own.list_containers(results_per_page=1, raw_response_hook=note)), None)
    if "here" not in seen:
        return Finding("clock", State.WARN, "It could not be compared, since storage told no time.")
    off = abs(seen["here"] - seen["storage"])
    if off < _CLOCK_IS_OFF:
        return Finding("clock", State.OK, "It goes with that of storage.")
    state = State.WARN if off < _CLOCK_IS_WRONG else State.FAIL
    return Finding(
        "clock", state, f"It differs from that of storage by {duration(off)}. Let this machine set its time."
    )


def _flow_logs(parts: Parts) -> Finding:
    subject, account = "flow logs", parts.logs.name
    try:
        found = {kind: log for kind in LogKind if (log := _some_log(parts, kind)) is not None}
        for item in found.values():
            with contextlib.suppress(Overtaken):
                parts.logs.read(item.log, parts.logs.snapshot(item.log), 0, 1)
    except SluiceError as trouble:
        hint = _hint(parts.settings.flow_logs, "Storage Blob Data Reader")
        return Finding(subject, State.FAIL, f"{trouble}{hint}")
    if not found:
        return Finding(
            subject,
            State.WARN,
            f"Account {account} can be read but holds no flow log. Let a flow log in its region write to it.",
        )
    kinds = " and ".join(kind.name for kind in found)
    return Finding(subject, State.OK, f"Account {account} holds {kinds} flow logs, and they can be listed and read.")


def _some_log(parts: Parts, kind: LogKind) -> ListedLog | None:
    return next((item for item in parts.logs.listed(kind, "") if item.size and not item.problem), None)


def _own_storage(parts: Parts) -> Finding:
    account = account_name(parts.own)
    try:
        make_containers(parts.own)
        with storage_errors(account):
            _probe(parts)
    except SluiceError as trouble:
        hint = _hint(parts.settings.own_storage, "Storage Blob Data Owner")
        return Finding("own storage", State.FAIL, f"{trouble}{hint}")
    return Finding("own storage", State.OK, f"Account {account} takes blobs, tags and leases.")


def _probe(parts: Parts) -> None:
    # What a checkpoint needs: tags that can be searched, and writes under a lease and If-Match.
    container = parts.own.get_container_client(checkpoints.CONTAINER)
    blob = container.get_blob_client(f"doctor/{uuid.uuid4()}")
    etag = blob.upload_blob(b"{}", tags={"state": "probe"})["etag"]
    unchanged = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
    try:
        lease = blob.acquire_lease(_LEASE_SECONDS)
        try:
            blob.upload_blob(b"{}", overwrite=True, lease=lease, **unchanged)
        finally:
            lease.release()
        next(iter(container.find_blobs_by_tags("\"state\"='probe'")), None)
    finally:
        blob.delete_blob()


def _hint(connection: StorageConnection, role: str) -> str:
    if not isinstance(connection, ByIdentity):
        return ""
    return f" Whoever runs this needs the role {role} on the account."


def _gateway(parts: Parts) -> Iterator[Finding]:
    url = parts.settings.apigw_url
    try:
        parts.tokens.token()
    except SluiceError as trouble:
        yield Finding("token", State.FAIL, f"{trouble} The gateway was not asked.")
        return
    reached = f"{url} answers, " + ("with a valid certificate." if url.startswith("https:") else "on loopback.")
    try:
        end = parts.gateway.token_expiry()
    except TokenRefused as refusal:
        yield Finding("gateway", State.OK, reached)
        yield Finding("token", State.FAIL, str(refusal))
    except SluiceError as trouble:
        yield Finding("gateway", State.FAIL, f"{url}: {trouble}")
    else:
        yield Finding("gateway", State.OK, reached)
        yield _token(end, parts.clock.now())


def _token(end: datetime, now: datetime) -> Finding:
    if end - now > _ENDS_SOON:
        return Finding("token", State.OK, f"The gateway accepts it until {end:%Y-%m-%d %H:%M} UTC.")
    return Finding(
        "token",
        State.WARN,
        f"It ends in {duration(max(end - now, timedelta(0)))}, on {end:%Y-%m-%d %H:%M} UTC. "
        "Make a new one and put it in its place.",
    )
