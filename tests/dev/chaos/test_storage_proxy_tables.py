"""The proxy that answers in the table service's place, before a real Azurite, as the real library asks it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.data.tables import TableClient, TableServiceClient, UpdateMode

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import (
    CHECKPOINTS,
    POINTERS,
    WATERMARKS,
    Operation,
    StorageFault,
    StorageTrouble,
    drawn,
)
from dev.chaos.storage_requests import Request, table_operation

TABLE = "checkpoints"
PARTITIONS = {CHECKPOINTS: "2026112310-7", POINTERS: "pointers-it's", WATERMARKS: "watermarks-nsg"}
ROW = "a"


def key(partition: str, row: str = ROW) -> dict[str, str]:
    return {"PartitionKey": partition, "RowKey": row}


class Through:
    """The table of an account, and what the proxy does to its requests."""

    def __init__(self, control: StorageControl, account: StorageAccount) -> None:
        self.control = control
        self.account = account
        direct = TableServiceClient.from_connection_string(account.connection_string)
        self.direct = direct.create_table(TABLE)
        for partition in PARTITIONS.values():
            self.direct.create_entity(key(partition) | {"says": "first"})
        # Each request is made once, so that what a test counts is what it asked for.
        self.service = TableServiceClient.from_connection_string(
            control.before(account).connection_string, retry_total=0
        )
        self.table = self.service.get_table_client(TABLE)

    def plan(self, operation: Operation, fault: StorageFault, *, nth: int = 1) -> None:
        self.control.plan([self.account], [StorageTrouble(operation, nth, fault)])

    @property
    def hits(self):
        return self.control.hits([self.account])

    def says(self, partition: str = PARTITIONS[CHECKPOINTS], row: str = ROW) -> str:
        return self.direct.get_entity(partition, row)["says"]

    def insert(self, partition: str = PARTITIONS[CHECKPOINTS]) -> None:
        self.table.create_entity(key(partition, "b") | {"says": "first"})

    def replace(self, etag: str | None = None, partition: str = PARTITIONS[CHECKPOINTS]) -> None:
        etag = etag or self.direct.get_entity(partition, ROW).metadata["etag"]
        self.table.update_entity(
            key(partition) | {"says": "second"},
            mode=UpdateMode.REPLACE,
            etag=etag,
            match_condition=MatchConditions.IfNotModified,
        )

    def listed(self, partition: str = PARTITIONS[CHECKPOINTS]) -> list[str]:
        found = self.table.query_entities("PartitionKey eq @partition", parameters={"partition": partition})
        return [entity["RowKey"] for entity in found]

    def answer(self, operation: Operation) -> requests.Response:
        """Ask by hand; a wrong signature does, since nobody looks at it where storage is not asked."""
        one = f"(PartitionKey='{PARTITIONS[CHECKPOINTS]}',RowKey='{ROW}')"
        method, path = {
            Operation.CHECKPOINT_READ: ("GET", one),
            Operation.CHECKPOINT_INSERT: ("POST", ""),
            Operation.CHECKPOINT_REPLACE: ("PUT", one),
            Operation.CHECKPOINT_DELETE: ("DELETE", one),
            Operation.CHECKPOINT_QUERY: ("GET", "()"),
        }[operation]
        address = f"{self.control.before(self.account).table_endpoint}/{TABLE}{path}"
        body = json.dumps(key(PARTITIONS[CHECKPOINTS])) if method in {"POST", "PUT"} else None
        return requests.request(method, address, data=body, timeout=10)


@pytest.fixture
def through(wrong_storage: StorageControl, account: StorageAccount) -> Through:
    return Through(wrong_storage, account)


@dataclass(frozen=True)
class Ask:
    """One way in which the library asks."""

    operation: Operation
    ask: Callable[[TableClient], object]


def asks() -> list[Ask]:
    one_by_one = [
        ask
        for kind, partition in PARTITIONS.items()
        for ask in (
            Ask(kind.insert, lambda table, at=partition: table.create_entity(key(at, "b"))),
            Ask(kind.read, lambda table, at=partition: table.get_entity(at, ROW)),
            Ask(kind.replace, lambda table, at=partition: table.update_entity(key(at), UpdateMode.REPLACE)),
            Ask(kind.replace, lambda table, at=partition: table.upsert_entity(key(at), UpdateMode.REPLACE)),
            Ask(kind.replace, lambda table, at=partition: table.update_entity(key(at), UpdateMode.MERGE)),
            Ask(kind.delete, lambda table, at=partition: table.delete_entity(at, ROW)),
            Ask(
                kind.query,
                lambda table, at=partition: list(
                    table.query_entities(
                        "PartitionKey eq @at and RowKey ge 'a'", parameters={"at": at}, select=["RowKey"]
                    )
                ),
            ),
        )
    ]
    pointers = "PartitionKey ge 'pointers-' and PartitionKey lt 'pointers.'"
    return [
        *one_by_one,
        Ask(Operation.POINTER_QUERY, lambda table: list(table.query_entities(pointers))),
        Ask(Operation.CHECKPOINT_QUERY, lambda table: list(table.list_entities())),
        Ask(Operation.OTHER, lambda table: table.create_table()),
    ]


def test_what_is_not_meddled_with_passes_as_it_is(through):
    through.insert()
    assert through.listed() == [ROW, "b"]
    etag = through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW).metadata["etag"]
    through.replace(etag)
    assert through.says() == "second"
    with pytest.raises(HttpResponseError, match="UpdateConditionNotSatisfied"):
        through.replace(etag)
    through.table.delete_entity(PARTITIONS[CHECKPOINTS], ROW)
    assert through.listed() == ["b"]
    assert not through.hits


@pytest.mark.parametrize("ask", asks(), ids=lambda ask: ask.operation.value)
def test_what_the_library_asks_is_told_and_answered_wrongly_once(through, ask):
    through.plan(ask.operation, StorageFault.FORBIDDEN)
    with pytest.raises(HttpResponseError, match="It is made up"):
        ask.ask(through.table)
    assert through.hits == {(ask.operation, StorageFault.FORBIDDEN): 1}


def test_both_services_meet_one_plan(through):
    through.control.plan(
        [through.account],
        [
            StorageTrouble(Operation.LIST, 1, StorageFault.FORBIDDEN),
            StorageTrouble(Operation.CHECKPOINT_READ, 1, StorageFault.FORBIDDEN),
        ],
    )
    blobs = requests.get(f"{through.control.before(through.account).blob_endpoint}/?comp=list", timeout=10)
    assert (blobs.status_code, blobs.headers["x-ms-error-code"]) == (403, "AuthorizationFailure")
    assert b"<Code>AuthorizationFailure</Code>" in blobs.content
    tables = through.answer(Operation.CHECKPOINT_READ)
    assert (tables.status_code, tables.json()["odata.error"]["code"]) == (403, "AuthorizationFailure")
    assert set(through.hits.values()) == {1}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (StorageFault.RESOURCE_404, 404, "ResourceNotFound"),
        (StorageFault.TABLE_404, 404, "TableNotFound"),
        (StorageFault.ENTITY_409, 409, "EntityAlreadyExists"),
        (StorageFault.CONDITION, 412, "UpdateConditionNotSatisfied"),
        (StorageFault.FORBIDDEN, 403, "AuthorizationFailure"),
        (StorageFault.BROKEN, 500, "OperationTimedOut"),
        (StorageFault.BUSY, 503, "ServerBusy"),
    ],
)
def test_made_up_refusals_name_their_code_in_the_body_alone_as_the_real_service_does(through, fault, status, code):
    through.plan(Operation.CHECKPOINT_READ, fault)
    with pytest.raises(HttpResponseError) as refused:
        through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW)
    assert (refused.value.status_code, refused.value.error_code) == (status, code)
    headers = refused.value.response.headers
    assert headers["x-ms-request-id"]
    assert "x-ms-error-code" not in headers


def test_the_emulator_s_own_refusals_name_it_in_a_header_too(through):
    with pytest.raises(HttpResponseError) as refused:
        through.table.get_entity(PARTITIONS[CHECKPOINTS], "missing")
    assert refused.value.error_code == refused.value.response.headers["x-ms-error-code"] == "ResourceNotFound"


def test_the_emulator_s_refusals_name_the_request_as_the_real_service_s_do(through):
    with pytest.raises(HttpResponseError) as refused:
        through.table.get_entity(PARTITIONS[CHECKPOINTS], "missing")
    asked = refused.value.response.request.headers["x-ms-client-request-id"]
    assert refused.value.response.headers["x-ms-client-request-id"] == asked


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (StorageFault.PAGE_404, 404),
        (StorageFault.PAGE_403, 403),
        (StorageFault.PAGE_409, 409),
        (StorageFault.PAGE_200, 200),
    ],
)
@pytest.mark.parametrize("operation", CHECKPOINTS, ids=lambda operation: operation.value)
def test_pages_have_nothing_of_the_table_service(through, operation, fault, status):
    through.plan(operation, fault)
    answer = through.answer(operation)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert not any(name.startswith("x-ms-") for name in answer.headers)


def test_another_entity_comes_in_place_of_the_one_that_was_asked_for(through):
    through.plan(Operation.CHECKPOINT_READ, StorageFault.OTHER_ENTITY)
    assert through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW) == key("another", "another")


def test_a_list_comes_in_place_of_an_entity_and_an_entity_in_place_of_a_list(through):
    through.plan(Operation.CHECKPOINT_READ, StorageFault.OTHER_LIST)
    assert "PartitionKey" not in through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW)
    through.plan(Operation.CHECKPOINT_QUERY, StorageFault.OTHER_ENTITY)
    with pytest.raises(TypeError):
        through.listed()


def test_a_list_of_entities_comes_that_were_not_asked_for(through):
    through.plan(Operation.CHECKPOINT_QUERY, StorageFault.OTHER_LIST)
    assert through.listed() == ["another"]


def test_json_makes_no_sense_as_an_entity_and_as_a_list(through):
    through.plan(Operation.CHECKPOINT_READ, StorageFault.GARBLED_JSON)
    with pytest.raises(ValueError, match="many"):
        through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW)
    through.plan(Operation.CHECKPOINT_QUERY, StorageFault.GARBLED_JSON)
    with pytest.raises(ValueError, match="many"):
        through.listed()


def test_a_list_is_empty_that_is_not(through):
    through.plan(Operation.CHECKPOINT_QUERY, StorageFault.NOTHING)
    assert through.listed() == []
    assert through.listed() == [ROW]


def test_a_write_that_never_came_to_storage_is_answered_like_one_that_did_but_without_an_etag(through):
    through.plan(Operation.CHECKPOINT_REPLACE, StorageFault.EMPTY_204)
    answer = through.answer(Operation.CHECKPOINT_REPLACE)
    assert (answer.status_code, answer.content, "ETag" in answer.headers) == (204, b"", False)
    assert answer.headers["x-ms-request-id"]
    assert through.says() == "first"


def test_an_answer_without_content_has_storage_s_own_form(through):
    through.plan(Operation.CHECKPOINT_READ, StorageFault.EMPTY_200)
    answer = through.answer(Operation.CHECKPOINT_READ)
    assert (answer.status_code, answer.content, "ETag" in answer.headers) == (200, b"", True)


@pytest.mark.parametrize(
    ("fault", "written"),
    [(StorageFault.RESET_BEFORE, "first"), (StorageFault.RESET_AFTER, "second"), (StorageFault.LATE, "second")],
)
def test_a_replace_that_is_reset_reaches_storage_or_not(through, fault, written):
    through.plan(Operation.CHECKPOINT_REPLACE, fault)
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        through.replace()
    through.control.settle([through.account])
    assert through.says() == written


def test_an_insert_that_is_asked_twice_is_refused_and_written(through):
    through.plan(Operation.CHECKPOINT_INSERT, StorageFault.TWICE)
    with pytest.raises(HttpResponseError, match="EntityAlreadyExists"):
        through.insert()
    assert through.says(row="b") == "first"


def test_a_replace_that_is_asked_twice_is_refused_and_written(through):
    through.plan(Operation.CHECKPOINT_REPLACE, StorageFault.TWICE)
    with pytest.raises(HttpResponseError, match="UpdateConditionNotSatisfied"):
        through.replace()
    assert through.says() == "second"


def test_half_an_entity_says_that_it_is_whole_or_breaks_off(through):
    through.plan(Operation.CHECKPOINT_READ, StorageFault.SHORT)
    with pytest.raises(AzureError, match="JSON is invalid"):
        through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW)
    through.plan(Operation.CHECKPOINT_READ, StorageFault.CUT)
    with pytest.raises(AzureError, match="IncompleteRead"):
        through.table.get_entity(PARTITIONS[CHECKPOINTS], ROW)


def test_a_replace_whose_answer_is_cut_off_is_written_and_has_none(through):
    through.plan(Operation.CHECKPOINT_REPLACE, StorageFault.CUT)
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        through.replace()
    assert through.says() == "second"


def test_a_stale_answer_is_the_one_before_and_names_the_request_before(through):
    named = []

    def read() -> str:
        entity = through.table.get_entity(
            PARTITIONS[CHECKPOINTS], ROW, raw_response_hook=lambda answer: named.append(answer.http_response.headers)
        )
        return entity["says"]

    read()
    through.plan(Operation.CHECKPOINT_READ, StorageFault.STALE)
    through.replace()
    assert (read(), read()) == ("first", "second")
    first, stale, last = (headers["x-ms-client-request-id"] for headers in named)
    assert first == stale != last


@pytest.mark.parametrize("operation", CHECKPOINTS, ids=lambda operation: operation.value)
def test_every_drawn_fault_is_an_answer_or_none(through, operation):
    faults = drawn(operation)
    assert {StorageFault.TABLE_404, StorageFault.ENTITY_409, StorageFault.EMPTY_204} < set(faults)
    assert not {StorageFault.BLOB_404, StorageFault.OTHER_XML, StorageFault.NOTHING} & set(faults)
    for fault in faults:
        through.plan(operation, fault)
        try:
            assert through.answer(operation).status_code in range(200, 600)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            assert fault.value.startswith(("reset", "short", "cut"))
        assert through.hits[operation, fault] == 1


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "checkpoints(PartitionKey='2026',RowKey='a')", Operation.CHECKPOINT_READ),
        ("GET", "checkpoints(PartitionKey='it%27%27s(a)',RowKey='a')", Operation.CHECKPOINT_READ),
        ("GET", "checkpoints(RowKey='a',PartitionKey='pointers-7')", Operation.POINTER_READ),
        ("GET", "checkpoints(PartitionKey='my-pointers-7',RowKey='a')", Operation.CHECKPOINT_READ),
        ("PUT", "checkpoints(PartitionKey='watermarks-a%20b',RowKey='a')?timeout=9", Operation.WATERMARK_REPLACE),
        ("PATCH", "checkpoints(PartitionKey='2026',RowKey='pointers-a')", Operation.CHECKPOINT_REPLACE),
        ("DELETE", "checkpoints(PartitionKey='pointers-7',RowKey='a')", Operation.POINTER_DELETE),
        ("GET", "checkpoints()", Operation.CHECKPOINT_QUERY),
        ("GET", "checkpoints()?$filter=PartitionKey+ge+%27pointers-%27", Operation.POINTER_QUERY),
        (
            "GET",
            "checkpoints()?NextPartitionKey=x&$filter=PartitionKey%20eq%20'watermarks-a'",
            Operation.WATERMARK_QUERY,
        ),
        (
            "GET",
            "checkpoints()?$filter=PartitionKey%20ge%20'2026'%20and%20PartitionKey%20lt%20'pointers-'",
            Operation.CHECKPOINT_QUERY,
        ),
        ("GET", "checkpoints?comp=acl", Operation.OTHER),
        ("POST", "Tables", Operation.OTHER),
        ("DELETE", "Tables('checkpoints')", Operation.OTHER),
        ("POST", "$batch", Operation.OTHER),
        ("GET", "?restype=service&comp=properties", Operation.OTHER),
        ("GET", "others(PartitionKey='2026',RowKey='a')", Operation.OTHER),
    ],
)
def test_requests_are_told_by_what_they_ask(method, path, operation):
    assert table_operation(Request(method, f"/n/{path}", {}, b"", b"")) is operation


@pytest.mark.parametrize(("kind", "partition"), PARTITIONS.items(), ids=PARTITIONS.values())
def test_inserts_are_told_by_their_content(kind, partition):
    body = json.dumps({"a": "PartitionKey='pointers-'", **key(partition)}).encode()
    assert table_operation(Request("POST", "/n/checkpoints", {}, b"", body)) is kind.insert
