import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import pytest
from azure.core.pipeline.policies import RetryPolicy
from azure.data.tables import TableClient, UpdateMode

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from shared.errors import Outdated, SettingError, SluiceError, StorageAway
from shared.secret import Secret
from shared.settings import ByConnectionString
from shared.storage.keys import Key, KeyRange
from shared.storage.storage_clock import StorageClock
from shared.storage.table_client import checkpoint_table
from shared.storage.tables import entities, etag_of, insert, remove, stored, update
from tests.support.account import table_of
from tests.support.servers import LocalServer, Request, always, answer, serving
from tests.support.time import StillClock

_A = Key("some-a", "1")
_RANGE = KeyRange("some-a", "some-b")
_PLANTED = "planted text of an answer"
_DATE = 1_795_447_800
_KEY = base64.b64encode(b"planted storage key, never to be seen").decode()
_OWN = {"x_ms_request_id": "6b6f7365-6e00-0000-0000-000000000000"}
_ENTITY = {"odata.etag": 'W/"1"', "PartitionKey": _A.partition, "RowKey": _A.row, "says": "yes"}


@pytest.fixture
def table(account: StorageAccount) -> TableClient:
    table = table_of(account, StillClock())
    table.create_table()
    return table


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "get_backoff_time", lambda *_: 0)


def _every(table: TableClient, account: str) -> list[str]:
    return list(entities(table, account, _RANGE, ["says"], lambda item: item["says"]))


_ASKS: dict[str, Callable[[TableClient, str], object]] = {
    "stored": lambda table, account: stored(table, account, _A),
    "insert": lambda table, account: insert(table, account, _A, {"says": "no"}),
    "replace": lambda table, account: update(table, account, _A, {"says": "no"}, 'W/"1"'),
    "merge": lambda table, account: update(table, account, _A, {"says": "no"}, 'W/"1"', UpdateMode.MERGE),
    "remove": lambda table, account: remove(table, account, _A, 'W/"1"'),
    "entities": _every,
}
_WRITES = {
    "insert": Operation.CHECKPOINT_INSERT,
    "replace": Operation.CHECKPOINT_REPLACE,
    "merge": Operation.CHECKPOINT_REPLACE,
    "remove": Operation.CHECKPOINT_DELETE,
}
_ALL = {"stored": Operation.CHECKPOINT_READ, **_WRITES, "entities": Operation.CHECKPOINT_QUERY}


@contextmanager
def _answering(
    *pieces: bytes, clock: StillClock | None = None
) -> Iterator[tuple[LocalServer, TableClient, StorageClock]]:
    """Answer every request of a client alike; gives storage's clock, too."""
    clock = clock or StillClock()
    storage_clock = StorageClock(clock)
    with serving(always(*pieces)) as server:
        text = f"DefaultEndpointsProtocol=http;AccountName=name;AccountKey={_KEY};TableEndpoint={server.url}/name"
        connection = ByConnectionString(Secret(text), "name")
        yield server, checkpoint_table(connection, "AzureWebJobsStorage", clock, storage_clock), storage_clock


def _entity(**headers: str) -> list[bytes]:
    return answer(200, _ENTITY, Content_Type="application/json", **headers)


def test_an_entity_comes_back_under_the_etag_that_its_write_gave(table: TableClient, account: StorageAccount):
    etag = insert(table, account.name, _A, {"says": "yes", "more": 1.5, "is": True})
    found = stored(table, account.name, _A)
    assert found is not None
    assert (found["says"], found["more"], found["is"], etag_of(found.metadata)) == ("yes", 1.5, True, etag)
    for mode in UpdateMode:
        etag = update(table, account.name, _A, {"says": "no"}, etag, mode)
        found = stored(table, account.name, _A)
        assert found is not None
        assert (found["says"], etag_of(found.metadata)) == ("no", etag)


def test_only_storage_s_own_word_for_it_is_absence(table: TableClient, account: StorageAccount):
    assert stored(table, account.name, _A) is None


@pytest.mark.parametrize("fault", [StorageFault.TABLE_404, StorageFault.PAGE_404])
@pytest.mark.parametrize("name", _ALL)
def test_another_404_is_not_an_answer_to_what_was_asked(
    table: TableClient, account: StorageAccount, wrong_storage: StorageControl, name: str, fault: StorageFault
):
    etag = insert(table, account.name, _A, {"says": "yes"})
    wrong_storage.plan([account], [StorageTrouble(_ALL[name], 1, fault)])
    with pytest.raises(StorageAway, match=account.name):
        _ASKS[name](table_of(wrong_storage.before(account), StillClock()), account.name)
    found = stored(table, account.name, _A)
    assert found is not None
    assert etag_of(found.metadata) == etag


def test_an_account_without_the_table_is_told_what_brings_it_back(account: StorageAccount):
    for ask in _ASKS.values():
        with pytest.raises(StorageAway, match=r"\(TableNotFound\). The function app creates its table when it starts"):
            ask(table_of(account, StillClock()), account.name)


@pytest.mark.parametrize("name", ["replace", "merge", "remove"])
def test_a_write_that_names_another_version_or_none_is_refused(table: TableClient, account: StorageAccount, name: str):
    with pytest.raises(Outdated):
        _ASKS[name](table, account.name)
    assert _every(table, account.name) == []
    insert(table, account.name, _A, {"says": "yes"})
    with pytest.raises(Outdated):
        _ASKS[name](table, account.name)
    assert _every(table, account.name) == ["yes"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("insert", StorageFault.ENTITY_409),
        *((name, StorageFault.CONDITION) for name in ("replace", "merge", "remove")),
        *((name, StorageFault.RESOURCE_404) for name in ("replace", "merge", "remove")),
    ],
)
def test_a_refusal_has_its_code_in_the_body_alone_as_the_real_service_answers(
    account: StorageAccount, wrong_storage: StorageControl, name: str, fault: StorageFault
):
    wrong_storage.plan([account], [StorageTrouble(_ALL[name], 1, fault)])
    with pytest.raises(Outdated):
        _ASKS[name](table_of(wrong_storage.before(account), StillClock()), account.name)


@pytest.mark.parametrize("name", _WRITES)
def test_a_write_that_something_else_refuses_is_not_refused(
    table: TableClient, account: StorageAccount, wrong_storage: StorageControl, name: str
):
    for fault in (StorageFault.PAGE_409, StorageFault.PAGE_404, StorageFault.PAGE_403):
        wrong_storage.plan([account], [StorageTrouble(_WRITES[name], 1, fault)])
        with pytest.raises(StorageAway, match="Something other than storage answered"):
            _ASKS[name](table_of(wrong_storage.before(account), StillClock()), account.name)
    assert _every(table, account.name) == []


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("insert", StorageFault.EMPTY_204),
        ("insert", StorageFault.CUT),
        ("replace", StorageFault.EMPTY_204),
        ("merge", StorageFault.EMPTY_204),
    ],
)
def test_a_write_is_not_known_to_be_done_without_its_etag(
    account: StorageAccount, wrong_storage: StorageControl, name: str, fault: StorageFault
):
    wrong_storage.plan([account], [StorageTrouble(_WRITES[name], 1, fault)])
    with pytest.raises(StorageAway):
        _ASKS[name](table_of(wrong_storage.before(account), StillClock()), account.name)


@pytest.mark.parametrize("said", [{}, {"etag": None}, {"etag": ""}, {"etag": b"1"}, {"etag": 1}])
def test_what_is_no_etag_is_not_taken_for_one(said: dict[str, Any]):
    with pytest.raises((TypeError, KeyError)):
        etag_of(said)


def test_the_entities_of_some_partitions_are_listed_in_their_order(table: TableClient, account: StorageAccount):
    for partition in ("some-b", "some-aa", "some-a", "some-", "some"):
        for row in ("2", "1"):
            insert(table, account.name, Key(partition, row), {"says": partition + row})
    assert _every(table, account.name) == ["some-a1", "some-a2", "some-aa1", "some-aa2"]


def test_listed_entities_have_the_etags_of_their_writes(table: TableClient, account: StorageAccount):
    etags = [insert(table, account.name, Key("some-a", str(number)), {}) for number in range(9)]
    assert list(entities(table, account.name, _RANGE, [], lambda item: etag_of(item.metadata))) == etags


def test_a_listing_without_etags_has_those_that_the_timestamps_make(account: StorageAccount):
    time = "2026-11-23T15:00:00.1234567Z"
    item = {"PartitionKey": _A.partition, "RowKey": _A.row, "Timestamp": time}
    with _answering(*answer(200, {"value": [item]}, Content_Type="application/json", **_OWN)) as (server, table, _):
        found = list(entities(table, account.name, _RANGE, ["says"], lambda each: etag_of(each.metadata)))
        assert found == ["W/\"datetime'2026-11-23T15%3A00%3A00.1234567Z'\""]
        assert "Timestamp" in server.requests[0].path


def test_more_entities_than_a_page_has_are_listed_once_each(table: TableClient, account: StorageAccount):
    for number in range(1_001):
        insert(table, account.name, Key("some-a", f"{number:04}"), {"says": number})
    assert _every(table, account.name) == list(range(1_001))


def test_a_page_without_entities_is_not_the_end(account: StorageAccount):
    def respond(request: Request) -> list[bytes]:
        is_first = "NextPartitionKey" not in request.path
        more = {"x_ms_continuation_NextPartitionKey": "a", "x_ms_continuation_NextRowKey": "b"} if is_first else {}
        value = [] if is_first else [_ENTITY]
        return answer(200, {"value": value}, Content_Type="application/json", **_OWN, **more)

    with _answering() as (server, table, _):
        server.respond = respond
        assert _every(table, account.name) == ["yes"]


def test_a_listing_that_has_no_end_is_not_followed_for_ever(account: StorageAccount):
    more = {"x_ms_continuation_NextPartitionKey": "a", "x_ms_continuation_NextRowKey": "b"}
    page = answer(200, {"value": []}, Content_Type="application/json", **_OWN, **more)
    with (
        _answering(*page) as (_, table, _clock),
        pytest.raises(StorageAway, match="keeps returning the same page"),
    ):
        _every(table, account.name)


@pytest.mark.parametrize("name", ["stored", "entities"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>", "application/xml"),
        (b"<feed><entry /></feed>", "application/atom+xml"),
        (b'{"value": []}', "text/html"),
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b'{"value": null}', "application/json"),
        (b'{"value": [{}]}', "application/json"),
        (b'{"value": [[]]}', "application/json"),
    ],
)
def test_an_answer_that_is_not_entities_is_not_taken_for_none(
    account: StorageAccount, name: str, content: bytes, kind: str
):
    said = answer(200, content, Content_Type=kind, **_OWN)
    with _answering(*said) as (_, table, _clock), pytest.raises(StorageAway):
        _ASKS[name](table, account.name)


@pytest.mark.parametrize("name", _ALL)
def test_the_time_that_storage_says_with_any_answer_is_noted(account: StorageAccount, name: str):
    date = {"Date": formatdate(_DATE, usegmt=True)}
    with _answering(*answer(404, {}, **_OWN, **date)) as (_, table, storage_clock):
        with pytest.raises(SluiceError):
            _ASKS[name](table, account.name)
        assert (storage_clock.earliest, storage_clock.latest) == (_DATE, _DATE + 1)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Date": formatdate(_DATE, usegmt=True)}, id="not storage's own"),
        pytest.param(_OWN, id="no Date"),
        pytest.param({**_OWN, "Date": "today"}, id="not a time"),
        pytest.param(
            {**_OWN, "Date": formatdate(_DATE, usegmt=True), "x_ms_client_request_id": "another"},
            id="to another request",
        ),
    ],
)
def test_a_time_that_storage_does_not_say_with_its_answer_is_not_noted(
    account: StorageAccount, headers: dict[str, str]
):
    with _answering(*_entity(**headers)) as (_, table, storage_clock):
        try:
            assert stored(table, account.name, _A) is not None
        except StorageAway:
            assert set(headers) != set(_OWN)
        assert (storage_clock.earliest, storage_clock.latest) == (None, None)


def test_a_date_with_an_answer_that_is_repeated_is_noted_with_its_own_question(account: StorageAccount):
    clock = StillClock()
    answers = iter(
        [
            answer(503, {}, **_OWN, Date=formatdate(_DATE, usegmt=True)),
            _entity(**_OWN, Date=formatdate(_DATE + 30, usegmt=True)),
        ]
    )

    def respond(_request: Request) -> list[bytes]:
        clock.move(30)
        return next(answers)

    with _answering(clock=clock) as (server, table, storage_clock):
        server.respond = respond
        assert stored(table, account.name, _A) is not None
        assert (storage_clock.earliest, storage_clock.latest) == (_DATE + 30, _DATE + 61)


@pytest.mark.parametrize("headers", [{}, _OWN])
def test_a_redirect_is_not_followed_with_the_signature(account: StorageAccount, headers: dict[str, str]):
    with serving(always(*_entity(**_OWN))) as elsewhere:
        away = answer(307, {}, Location=f"{elsewhere.url}/name/checkpoints(PartitionKey='a')", **headers)
        with _answering(*away) as (server, table, _):
            with pytest.raises(StorageAway):
                stored(table, account.name, _A)
            assert len(server.requests) == 1
        assert elsewhere.requests == []


@pytest.mark.parametrize(("name", "times"), [("stored", 3), ("replace", 3), ("remove", 3), ("insert", 1), ("merge", 1)])
def test_a_broken_connection_is_tried_again_where_a_repetition_does_no_harm(
    account: StorageAccount, name: str, times: int
):
    with _answering() as (server, table, _):
        with pytest.raises(StorageAway, match="can't be reached"):
            _ASKS[name](table, account.name)
        assert len(server.requests) == times


@pytest.mark.parametrize("name", _ALL)
@pytest.mark.parametrize("status", [200, 400, 403, 404, 409, 412, 503])
def test_nothing_of_an_answer_is_repeated_in_a_message(account: StorageAccount, name: str, status: int):
    error = {"odata.error": {"code": _PLANTED, "message": {"value": _PLANTED}}}
    for body in ({"planted": _PLANTED}, error, _PLANTED.encode(), b"<a>" + _PLANTED.encode() + b"</a>"):
        said = answer(status, body, Content_Type="application/json", **_OWN, x_ms_error_code=_PLANTED)
        with _answering(*said) as (_, table, _clock), pytest.raises(SluiceError) as raised:
            _ASKS[name](table, account.name)
        assert _PLANTED not in str(raised.value)
        assert _PLANTED not in str(raised.value.__cause__)
        assert str(raised.value).endswith(".")


def test_a_connection_string_that_leads_to_no_table_names_its_setting_and_not_its_key():
    connection = ByConnectionString(Secret(f"BlobEndpoint=https://logs.example.com;SharedAccessSignature={_KEY}"))
    with pytest.raises(SettingError, match="AzureWebJobsStorage") as refused:
        checkpoint_table(connection, "AzureWebJobsStorage", StillClock(), StorageClock(StillClock()))
    assert _KEY not in str(refused.value)


def test_the_pipeline_is_what_a_request_needs_and_the_checks_in_their_places(account: StorageAccount):
    # The library may add policies, or change their order, with any release.
    names = [type(policy).__name__ for policy in table_of(account, StillClock())._policies]
    assert names == [
        "RequestIdPolicy",
        "StorageHeadersPolicy",
        "UserAgentPolicy",
        "SharedKeyCredentialPolicy",
        "ContentDecodePolicy",
        "StorageHosts",
        "_Checks",
        "TablesRetryPolicy",
        "_Dates",
    ]
