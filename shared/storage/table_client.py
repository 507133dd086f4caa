"""The client for the table in the function's own account, which checks every answer and notes the account's time.

No more of the library's policies are in its pipeline than a request needs: those for tracing and logging took a tenth
of its time, and redirects are not followed.
"""

import contextlib
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

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
from azure.data.tables import TableClient

from shared.clock import Clock
from shared.errors import SettingError
from shared.identity import Identity, managed_identity
from shared.settings import ByConnectionString, StorageConnection
from shared.storage.account import transport
from shared.storage.answers import check_form, check_question
from shared.storage.foreign import ForeignAnswerError
from shared.storage.storage_clock import StorageClock

TABLE: Final = "checkpoints"
_READ_SECONDS: Final = 10
"""With all repetitions it is less than is left of a claim just prolonged. A query takes 5 s at most ("Query timeout and
pagination").
"""
_RETRIES: Final = {"retry_total": 2, "retry_backoff_factor": 1}
_NOT_NEEDED: Final = (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
)
_WAITS: Final = ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms")
"""Headers by which an answer asks for a wait that the library would keep, however long."""


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


class NothingRemovedError(Exception):
    """Storage says that there is nothing to remove.

    From its own error the library would return as if something had been removed, also where there is not even a table.

    Attributes:
        refusal: What storage said.
    """

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
            raise NothingRemovedError(HttpResponseError(response=answered))
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
        for name in _WAITS:
            answered.headers.pop(name, None)
        # What something else answers, or answered to another request, says nothing of storage's time.
        with contextlib.suppress(ForeignAnswerError, TypeError, ValueError):
            check_form(answered)
            check_question(request.http_request, answered)
            self._storage_clock.note(parsedate_to_datetime(answered.headers.get("Date")).timestamp(), asked)
        return response
