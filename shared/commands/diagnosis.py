"""The checks of `sluice doctor`, and its advice."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import StorageErrorCode

from shared.commands.tables import duration
from shared.delivery.unread import UNKNOWN_NAME
from shared.errors import ContainerMissing, Outdated, Overtaken, SluiceError, StorageAway, TokenRefused
from shared.flowlog import LogKind
from shared.services import Services, make_places
from shared.settings import ByIdentity, StorageConnection
from shared.storage.account import account_name, storage_errors
from shared.storage.answers import says
from shared.storage.checkpoints import CONTAINER as OVERFLOWS
from shared.storage.keys import Key
from shared.storage.log_listings import ListedLog, UnknownName
from shared.storage.tables import etag_of, put, remove, stored, update

_ENDS_SOON: Final = timedelta(days=14)
_CLOCK_IS_OFF: Final = timedelta(minutes=1)
_CLOCK_IS_WRONG: Final = timedelta(minutes=15)
"""The clock difference from which storage refuses requests signed with a key (Azure Storage, "Authorize with Shared
Key").
"""


class State(Enum):
    """The outcome of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: what was checked, the outcome, and a sentence with what to do."""

    subject: str
    state: State
    message: str


def diagnose(services: Services) -> Iterator[Finding]:
    """Check everything that the settings refer to; yield a finding for each check, including failed ones."""
    yield _clock(services)
    yield from _flow_logs(services)
    yield _own_storage(services)
    yield from _gateway(services)


def _clock(services: Services) -> Finding:
    seen: dict[str, datetime] = {}

    def note(answer: Any) -> None:  # noqa: ANN401 -- azure-core's pipeline response is generic in two ways
        with contextlib.suppress(ValueError, TypeError):
            seen["storage"] = parsedate_to_datetime(answer.http_response.headers.get("date"))
            seen["here"] = services.clock.now()

    for _ in range(2):  # the library shows its hook no answer to a request that it had to repeat
        if "here" not in seen:
            with contextlib.suppress(SluiceError), storage_errors(account_name(services.own)):
                next(iter(services.own.list_containers(results_per_page=1, raw_response_hook=note)), None)
    if "here" not in seen:
        return Finding("clock", State.WARN, "It could not be checked, since storage did not return the time.")
    off = abs(seen["here"] - seen["storage"])
    if off < _CLOCK_IS_OFF:
        return Finding("clock", State.OK, "It agrees with storage's clock.")
    state = State.WARN if off < _CLOCK_IS_WRONG else State.FAIL
    return Finding(
        "clock", state, f"It differs from storage's clock by {duration(off)}. Synchronize this machine's clock."
    )


def _flow_logs(services: Services) -> Iterator[Finding]:
    subject, account = "flow logs", services.logs.name
    try:
        looks = {kind: _look(services, kind) for kind in LogKind}
        for look in looks.values():
            if look.log is not None:
                with contextlib.suppress(Overtaken):
                    services.logs.read(look.log.log, services.logs.snapshot(look.log.log), 0, 1)
    except SluiceError as trouble:
        hint = _hint(services.settings.flow_logs, "Storage Blob Data Reader")
        yield Finding(subject, State.FAIL, f"{trouble}{hint}")
        return
    kinds = " and ".join(kind.name for kind, look in looks.items() if look.log is not None)
    if kinds:
        yield Finding(subject, State.OK, f"Account {account} has {kinds} flow logs, and they can be listed and read.")
    else:
        yield Finding(
            subject,
            State.WARN,
            f"Account {account} can be read but has no readable flow logs. Configure a flow log in its region to "
            "write to it.",
        )
    for look in looks.values():
        if look.lost:
            yield Finding(subject, State.FAIL, look.lost)
        if look.names:
            number = f"{len(look.names)} blobs are" if len(look.names) > 1 else "A blob is"
            yield Finding(subject, State.WARN, f"{number} not read, such as {min(look.names)}. {UNKNOWN_NAME}")


@dataclass(frozen=True, slots=True)
class _Look:
    # Of one kind: a log that can be read, unknown names, and a sentence if the container is gone.
    log: ListedLog | None
    names: frozenset[str]
    lost: str = ""


def _look(services: Services, kind: LogKind) -> _Look:
    # A container may hold millions of blobs, so only its beginning is looked at.
    try:
        names = {found.name for found in services.logs.roots(kind) if isinstance(found, UnknownName)}
        entries = list(services.logs.beginning(kind))
        log = next((each for each in entries if isinstance(each, ListedLog) and each.size and not each.problem), None)
        names |= {each.name for each in entries if isinstance(each, UnknownName)}
    except ContainerMissing as missing:
        known = None
        with contextlib.suppress(StorageAway):  # of the own account, which has a check of its own
            known = services.watermarks.load(kind)
        return _Look(None, frozenset(), "" if known is None else known[0].lost(missing))
    return _Look(log, frozenset(names))


def _own_storage(services: Services) -> Finding:
    account = account_name(services.own)
    try:
        make_places(services.own, services.table)
        _probe_table(services, account)
        _probe_blobs(services, account)
    except SluiceError as trouble:
        hint = _hint(services.settings.own_storage, "Storage Blob Data Owner", "Storage Table Data Contributor")
        return Finding("own storage", State.FAIL, f"{trouble}{hint}")
    return Finding("own storage", State.OK, f"Account {account} accepts checkpoints in its table, and blobs.")


def _probe_table(services: Services, account: str) -> None:
    # What a checkpoint and its pointer need: writes that name the version they replace, and one that names none.
    table, key = services.table, Key("doctor", uuid.uuid4().hex)
    etag = put(table, account, key, {"text": "{}"})
    try:
        with contextlib.suppress(Outdated):  # the library repeats a request whose answer was lost
            update(table, account, key, {"text": "{}"}, etag)
    finally:
        found = stored(table, account, key)
        if found is not None:
            with contextlib.suppress(Outdated):  # as above
                remove(table, account, key, etag_of(found.metadata))


def _probe_blobs(services: Services, account: str) -> None:
    blob = services.own.get_blob_client(OVERFLOWS, f"doctor/{uuid.uuid4()}")
    with storage_errors(account):
        blob.upload_blob(b"{}", overwrite=True)
        try:
            blob.delete_blob()
        except HttpResponseError as error:
            # As above: there may be nothing left to delete.
            if not says(error, StorageErrorCode.BLOB_NOT_FOUND):
                raise


def _hint(connection: StorageConnection, *roles: str) -> str:
    if not isinstance(connection, ByIdentity):
        return ""
    return f" You need the role{'s' if len(roles) > 1 else ''} {' and '.join(roles)} on the account."


def _gateway(services: Services) -> Iterator[Finding]:
    url = services.settings.apigw_url
    try:
        services.tokens.token()
    except SluiceError as trouble:
        yield Finding("token", State.FAIL, f"{trouble} The gateway was not contacted.")
        return
    reached = f"{url} answers, " + ("with a valid certificate." if url.startswith("https:") else "on loopback.")
    try:
        end = services.gateway.token_expiry()
    except TokenRefused as refusal:
        yield Finding("gateway", State.OK, reached)
        yield Finding("token", State.FAIL, str(refusal))
    except SluiceError as trouble:
        yield Finding("gateway", State.FAIL, f"{url}: {trouble}")
    else:
        yield Finding("gateway", State.OK, reached)
        yield _token(end, services.clock.now())


def _token(end: datetime, now: datetime) -> Finding:
    if end - now > _ENDS_SOON:
        return Finding("token", State.OK, f"The gateway accepts it until {end:%Y-%m-%d %H:%M} UTC.")
    return Finding(
        "token",
        State.WARN,
        f"It expires in {duration(max(end - now, timedelta(0)))}, on {end:%Y-%m-%d %H:%M} UTC. "
        "Create a new one and replace it.",
    )
