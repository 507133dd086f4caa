"""The table in the function's own account: how it is reached, and checks of what it answers.

No more of the library's policies are in the pipeline than a request needs: those for tracing and logging took a tenth
of its time, and redirects are not followed.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    HTTPPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RetryPolicy,
)
from azure.data.tables import TableClient, TableEntity, TableErrorCode, UpdateMode

from shared.clock import Clock
from shared.errors import Outdated, SettingError
from shared.identity import Identity, managed_identity
from shared.settings import ByConnectionString, StorageConnection
from shared.storage.account import storage_errors, transport
from shared.storage.answers import ForeignAnswerError, check_form, check_question, says
from shared.storage.keys import Key, KeyRange
from shared.storage.listing import all_of
from shared.storage.storage_clock import StorageClock

TABLE: Final = "checkpoints"
_READ_SECONDS: Final = 10
"""Less than for blobs, since a claim lasts a minute; a query takes 5 s at most ("Query timeout and pagination")."""
_RETRIES: Final = {"retry_total": 3, "retry_backoff_factor": 1}
_NOT_NEEDED: Final = (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
)
_REFUSED: Final = (
    TableErrorCode.UPDATE_CONDITION_NOT_SATISFIED,
    TableErrorCode.CONDITION_NOT_MET,
    TableErrorCode.ENTITY_ALREADY_EXISTS,
    TableErrorCode.RESOURCE_NOT_FOUND,
)
"""What a write that names a version meets where another version is there, or none."""


def checkpoint_table(
    connection: StorageConnection,
    setting: str,
    clock: Clock,
    storage_clock: StorageClock,
    identity: Identity = managed_identity,
) -> TableClient:
    """Return a client for the table, which notes the account's time; create one per process.

    Raises:
        SettingError: The connection string can't be used; the message names `setting`.
    """
    options: dict[str, Any] = {
        **_RETRIES,
        "transport": transport(_READ_SECONDS),
        "clock": clock,
        "storage_clock": storage_clock,
    }
    if isinstance(connection, ByConnectionString):
        try:
            return _CheckedTable.from_connection_string(connection.connection_string.reveal, TABLE, **options)
        except ValueError:
            # The library's own text is left out: it may repeat parts of the string.
            raise SettingError(
                f"The setting {setting} does not lead to the account's tables. Copy all of the connection string."
            ) from None
    return _CheckedTable(
        connection.table_service_uri, table_name=TABLE, credential=identity(connection.client_id), **options
    )


@contextlib.contextmanager
def table_errors(account: str) -> Iterator[None]:
    """Turn the library's errors into errors by remedy. Only calls to the library belong inside.

    Raises:
        Outdated: Another version is there than the request named, or none where it named one.
        StorageAway: As for `storage_errors`; what became of a write is not known then.
    """
    with storage_errors(account):
        try:
            yield
        except HttpResponseError as error:
            if not says(error, *_REFUSED):
                raise
            raise Outdated("It was written by another worker in the meantime.") from None


def stored(table: TableClient, account: str, key: Key) -> TableEntity | None:
    """Return an entity, None if storage says that there is none.

    Raises:
        StorageAway: The account can't be asked now, or has no table.
    """
    with storage_errors(account):
        try:
            found = table.get_entity(key.partition, key.row)
        except HttpResponseError as error:
            # A missing table answers 404, too, and then nothing is known about what it held.
            if says(error, TableErrorCode.RESOURCE_NOT_FOUND):
                return None
            raise
        if (found["PartitionKey"], found["RowKey"]) != (key.partition, key.row):
            raise ValueError  # as for any answer that can't be read
        return found


def put(table: TableClient, account: str, key: Key, properties: Mapping[str, Any]) -> str:
    """Store an entity, whether or not there is one; return its ETag; errors as for `table_errors`."""
    with table_errors(account):
        return etag_of(table.upsert_entity(_entity(key, properties), UpdateMode.REPLACE))


def insert(table: TableClient, account: str, key: Key, properties: Mapping[str, Any]) -> str:
    """Store an entity that is not there yet; return its ETag; errors as for `table_errors`."""
    with table_errors(account):
        return etag_of(table.create_entity(_entity(key, properties)))


def update(
    table: TableClient,
    account: str,
    key: Key,
    properties: Mapping[str, Any],
    etag: str,
    mode: UpdateMode = UpdateMode.REPLACE,
) -> str:
    """Change an entity, if it is still the version named; return its new ETag; errors as for `table_errors`."""
    with table_errors(account):
        unchanged = MatchConditions.IfNotModified
        return etag_of(table.update_entity(_entity(key, properties), mode, etag=etag, match_condition=unchanged))


def remove(table: TableClient, account: str, key: Key, etag: str) -> None:
    """Remove an entity, if it is still the version named; errors as for `table_errors`."""
    with table_errors(account):
        try:
            # Without a condition the library would remove any version.
            table.delete_entity(key.partition, key.row, etag=etag, match_condition=MatchConditions.IfNotModified)
        except _NothingRemovedError as nothing:
            raise nothing.refusal from None


def entities[T](
    table: TableClient, account: str, keys: KeyRange, select: Sequence[str], read: Callable[[TableEntity], T | None]
) -> Iterator[T]:
    """Yield what `read` makes of the entities of some partitions, in the order of their keys; see `all_of`.

    Raises:
        StorageAway: The account can't be asked now, has no table, or lists other entities than those asked for.
    """

    def checked(item: TableEntity) -> T | None:
        if item["PartitionKey"] not in keys:
            raise ValueError  # as for any answer that can't be read
        return read(item)

    # From the Timestamp the library makes the ETag, if the answer does not have it.
    names = ["PartitionKey", "RowKey", "Timestamp", *select]
    yield from all_of(account, table.query_entities(keys.filter, select=names), checked)


def etag_of(said: Mapping[str, Any]) -> str:
    """Return the ETag in what the library made of an answer.

    Raises:
        TypeError: There is none, as for any answer that can't be read.
    """
    etag = said["etag"]
    if not isinstance(etag, str) or not etag:
        raise TypeError
    return etag


def _entity(key: Key, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"PartitionKey": key.partition, "RowKey": key.row, **properties}


class _CheckedTable(TableClient):
    def __init__(self, endpoint: str, *, clock: Clock, storage_clock: StorageClock, **options: Any) -> None:  # noqa: ANN401
        self._checks, self._dates = _Checks(), _Dates(clock, storage_clock)  # the library asks for them at once
        super().__init__(endpoint, **options)

    def _configure_policies(self, **options: Any) -> list[Any]:  # noqa: ANN401 -- the library's own
        policies = list[Any]()
        for policy in super()._configure_policies(**options):
            if isinstance(policy, RetryPolicy):
                policies += [self._checks, policy, self._dates]
            elif not isinstance(policy, _NOT_NEEDED):
                policies.append(policy)
        return policies


class _NothingRemovedError(Exception):
    # The library would return from it as if something had been removed, also where there is not even a table.
    def __init__(self, refusal: HttpResponseError) -> None:
        super().__init__()
        self.refusal = refusal


class _Checks(HTTPPolicy[Any, Any]):
    # Before the retries, so that it sees the last answer, once.
    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response: PipelineResponse[Any, Any] = self.next.send(request)
        asked, answered = request.http_request, response.http_response
        check_form(answered)
        check_question(asked, answered)
        is_json = answered.headers.get("Content-Type", "").startswith("application/json")
        if asked.method == "GET" and answered.status_code == HTTPStatus.OK and not is_json:
            # The library would make a list without entities of XML.
            raise ForeignAnswerError("it is not in JSON")
        if asked.method == "DELETE" and answered.status_code == HTTPStatus.NOT_FOUND:
            raise _NothingRemovedError(HttpResponseError(response=answered))
        return response


class _Dates(HTTPPolicy[Any, Any]):
    # After the retries, so that it sees every answer beside its own question. What asks to be asked again in an hour
    # is asked again in seconds all the same: the library would wait, while a claim ends.
    def __init__(self, clock: Clock, storage_clock: StorageClock) -> None:
        super().__init__()
        self._clock = clock
        self._storage_clock = storage_clock

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        asked = self._clock.monotonic()
        response: PipelineResponse[Any, Any] = self.next.send(request)
        answered = response.http_response
        answered.headers.pop("Retry-After", None)
        # What something else answers, or answered to another request, says nothing of storage's time.
        with contextlib.suppress(ForeignAnswerError, TypeError, ValueError):
            check_form(answered)
            check_question(request.http_request, answered)
            self._storage_clock.note(parsedate_to_datetime(answered.headers.get("Date")).timestamp(), asked)
        return response
