"""The proxy that answers in storage's place, before a real Azurite."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    LinearRetry,
    ResourceTypes,
    generate_account_sas,
)
from urllib3.exceptions import ProtocolError

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble, drawn
from dev.chaos.storage_requests import Request, blob_operation
from shared.flowlog import LogKind

LOGS = LogKind.VNET.container
DATA = bytes(range(256))
_BREAK_OFF = {
    StorageFault.RESET_BEFORE,
    StorageFault.RESET_AFTER,
    StorageFault.LATE,
    StorageFault.CUT,
    StorageFault.SHORT,
}
"""Faults after which the connection closes, where an answer has no body that could be halved."""


class Through:
    """A storage account, and what the proxy does to its requests."""

    def __init__(self, control: StorageControl, account: StorageAccount) -> None:
        self.control = control
        self.account = account
        self.direct = BlobServiceClient.from_connection_string(account.connection_string)
        self.direct.create_container(LOGS)
        self.blob("a").upload_blob(DATA)
        # Each request is made once, so that what a test counts is what it asked for.
        reached = control.before(account).connection_string
        once = LinearRetry(backoff=0, retry_total=0, random_jitter_range=0)
        self.service = BlobServiceClient.from_connection_string(reached, retry_policy=once)

    def blob(self, name: str):
        return self.direct.get_blob_client(LOGS, name)

    def plan(self, *troubles: StorageTrouble) -> None:
        self.control.plan([self.account], troubles)

    @property
    def hits(self):
        return self.control.hits([self.account])

    def put(self) -> None:
        self.service.get_blob_client(LOGS, "b").upload_blob(DATA, overwrite=True)

    def answer(self, operation: Operation) -> requests.Response:
        """Ask by hand; a wrong signature does, since nobody looks at it where storage is not asked."""
        path, method = {
            Operation.BLOCK_LIST: ("a?comp=blocklist", "GET"),
            Operation.READ: ("a", "GET"),
            Operation.PROPERTIES: ("a", "HEAD"),
            Operation.LIST: ("?restype=container&comp=list", "GET"),
        }[operation]
        address = self.control.before(self.account).blob_endpoint
        return requests.request(method, f"{address}/{LOGS}/{path}", timeout=10)


@pytest.fixture
def through(world) -> Through:
    return Through(world.storage, next(world.accounts))


def test_what_is_not_meddled_with_passes_as_it_is(through):
    through.put()
    assert through.blob("b").download_blob().readall() == DATA
    assert through.service.get_blob_client(LOGS, "a").get_block_list()[0] == []
    assert [blob.name for blob in through.service.get_container_client(LOGS).list_blobs()] == ["a", "b"]
    assert through.service.get_blob_client(LOGS, "a").get_blob_properties().size == len(DATA)
    assert not through.hits


def test_the_nth_request_of_a_kind_meets_its_fault_as_often_as_planned(through):
    through.plan(StorageTrouble(Operation.READ, 2, StorageFault.FORBIDDEN, 2))
    blob = through.service.get_blob_client(LOGS, "a")
    for fails in (False, True, True, False):
        if fails:
            with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
                blob.download_blob()
        else:
            assert blob.download_blob().readall() == DATA
    assert through.hits == {(Operation.READ, StorageFault.FORBIDDEN): 2}


def test_one_account_s_trouble_is_not_another_s(through, world):
    other = Through(world.storage, next(world.accounts))
    through.plan(StorageTrouble(Operation.WRITE, 1, StorageFault.BROKEN))
    other.put()
    assert not other.hits


@pytest.mark.parametrize("operation", [Operation.BLOCK_LIST, Operation.READ, Operation.PROPERTIES, Operation.LIST])
@pytest.mark.parametrize("fault", [StorageFault.PAGE_404, StorageFault.PAGE_200, StorageFault.CONTAINER_404])
def test_answers_are_made_up_in_storage_s_place(through, operation, fault):
    through.plan(StorageTrouble(operation, 1, fault))
    answer = through.answer(operation)
    assert answer.status_code == (200 if fault is StorageFault.PAGE_200 else 404)
    own = fault is StorageFault.CONTAINER_404
    assert ("x-ms-request-id" in answer.headers, answer.headers.get("x-ms-error-code")) == (
        own,
        "ContainerNotFound" if own else None,
    )


@pytest.mark.parametrize(
    ("fault", "written"),
    [(StorageFault.RESET_BEFORE, False), (StorageFault.RESET_AFTER, True), (StorageFault.LATE, True)],
)
def test_a_request_that_is_reset_reaches_storage_or_not(through, fault, written):
    through.plan(StorageTrouble(Operation.WRITE, 1, fault))
    with pytest.raises(ServiceResponseError):
        through.put()
    through.control.settle([through.account])
    assert through.blob("b").exists() == written


def test_a_short_answer_says_that_it_is_whole_and_one_that_is_cut_off_does_not(through):
    through.plan(
        StorageTrouble(Operation.READ, 1, StorageFault.SHORT), StorageTrouble(Operation.READ, 2, StorageFault.CUT)
    )
    signature = generate_account_sas(
        through.account.name,
        through.account.key,
        ResourceTypes(object=True),
        AccountSasPermissions(read=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    address = f"{through.control.before(through.account).blob_endpoint}/{LOGS}/a?{signature}"
    short = requests.get(address, timeout=10)
    assert (short.content, short.headers["Content-Length"]) == (DATA[:128], "128")
    with requests.get(address, timeout=10, stream=True) as cut:
        assert cut.headers["Content-Length"] == "256"
        assert cut.raw.read(128) == DATA[:128]
        with pytest.raises(ProtocolError):
            cut.raw.read()


def test_a_stale_answer_is_the_one_before(through):
    client = through.service.get_container_client(LOGS)
    assert len(list(client.list_blobs())) == 1
    through.put()
    through.plan(StorageTrouble(Operation.LIST, 1, StorageFault.STALE))
    assert len(list(client.list_blobs())) == 1
    assert len(list(client.list_blobs())) == 2


def test_a_request_that_is_asked_twice_gets_the_second_answer(through):
    through.plan(StorageTrouble(Operation.WRITE, 1, StorageFault.TWICE))
    with pytest.raises(HttpResponseError, match="BlobAlreadyExists"):
        through.service.get_blob_client(LOGS, "b").upload_blob(DATA)


def test_every_drawn_fault_is_an_answer_or_none(through):
    for fault in drawn(Operation.PROPERTIES):
        through.plan(StorageTrouble(Operation.PROPERTIES, 1, fault))
        try:
            assert through.answer(Operation.PROPERTIES).status_code in range(200, 600)
        except requests.ConnectionError:
            assert fault in _BREAK_OFF


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", f"/n/{LOGS}/a/PT1H.json?comp=blocklist", {}, Operation.BLOCK_LIST),
        ("GET", f"/n/{LOGS}/a/PT1H.json", {}, Operation.READ),
        ("GET", f"/n/checkpoints/n/{LOGS}/a.json", {}, Operation.LOAD),
        ("HEAD", f"/n/{LOGS}/a/PT1H.json", {}, Operation.PROPERTIES),
        ("PUT", "/n/quarantine/a", {}, Operation.WRITE),
        ("GET", "/n/checkpoints?restype=container&comp=list", {}, Operation.LIST),
        ("PUT", "/n/checkpoints?restype=container", {}, Operation.OTHER),
        ("GET", "/n/?comp=list", {}, Operation.LIST),
        ("DELETE", "/n/checkpoints/a", {}, Operation.DELETE),
    ],
)
def test_requests_are_told_by_what_they_ask(method, target, headers, operation):
    assert blob_operation(Request(method, target, headers, b"", b"")) is operation
