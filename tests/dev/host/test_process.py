import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
import requests
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy

from dev.azurite import StorageAccount
from dev.event_grid import BlobCreated, EventGrid
from dev.host.functions import Result
from dev.host.process import HostProcess, host_process

_APP = Path(__file__).parent / "app"


@dataclass(frozen=True, slots=True)
class Rig:
    """A host that runs the small app, and the account whose blobs trigger it."""

    host: HostProcess
    data: StorageAccount
    runs: Path
    events: EventGrid

    def write(self, name: str, content: bytes) -> BlobCreated:
        blobs = BlobServiceClient.from_connection_string(self.data.connection_string)
        blob = blobs.get_blob_client("logs", name)
        written = blob.upload_blob(content, overwrite=True)
        return BlobCreated(blob.url, "logs", name, written["etag"].strip('"'), len(content), dt.datetime.now(dt.UTC))

    def lines(self) -> list[str]:
        return self.runs.read_text().splitlines() if self.runs.exists() else []


@pytest.fixture(scope="module")
def module_rig(new_account: Callable[[], StorageAccount], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("host")
    data, own = new_account(), new_account()
    BlobServiceClient.from_connection_string(data.connection_string).create_container("logs")
    settings = {
        "AzureWebJobsStorage": own.connection_string,
        "DATA": data.connection_string,
        "RUNS": str(folder / "runs"),
    }
    with host_process(_APP, settings, folder / "log") as host:
        yield Rig(host, data, folder / "runs", EventGrid({"logs": host.webhook("on_log")}, random.Random(1)))


@pytest.fixture
def rig(module_rig: Rig) -> Rig:
    module_rig.runs.unlink(missing_ok=True)
    return module_rig


def test_an_event_runs_the_function_on_its_blob(rig: Rig):
    rig.events.publish(rig.write("resourceId=/A B/y=2026/PT1H.json", b"12345"))
    rig.host.wait_until_idle()
    assert rig.lines() == ["resourceId=/A B/y=2026/PT1H.json 5"]


def test_an_event_delivered_twice_runs_the_function_twice(rig: Rig):
    event = rig.write("twice", b"1")
    rig.events.publish(event)
    rig.events.publish(event)
    rig.host.wait_until_idle()
    assert rig.lines() == ["twice 1", "twice 1"]


def test_a_late_event_runs_the_function_on_what_the_blob_holds_now(rig: Rig):
    late = rig.write("late", b"1")
    rig.write("late", b"123")
    rig.events.publish(late)
    rig.host.wait_until_idle()
    assert rig.lines() == ["late 3"]


def test_a_failed_event_is_tried_as_often_as_host_json_says_and_then_set_aside(rig: Rig):
    before = rig.host.status()
    rig.events.publish(rig.write("bad", b"fail"))
    after = rig.host.wait_until_idle()
    assert rig.lines() == ["bad 4"] * 3
    assert after.results["on_log", Result.FAILED] - before.results.get(("on_log", Result.FAILED), 0) == 3
    assert after.poisoned == before.poisoned + 1
    queues = QueueServiceClient.from_connection_string(rig.data.connection_string)
    poison = queues.get_queue_client("webjobs-blobtrigger-poison", message_decode_policy=TextBase64DecodePolicy())
    message = json.loads(poison.peek_messages()[0].content)
    assert (message["FunctionId"], message["ContainerName"], message["BlobName"]) == (
        "Host.Functions.on_log",
        "logs",
        "bad",
    )


def test_a_failure_is_logged_with_its_traceback(rig: Rig):
    rig.events.publish(rig.write("bad", b"fail"))
    rig.host.wait_until_idle()
    assert "ValueError: told to fail" in rig.host.log.read_text()


def test_an_event_for_a_blob_that_is_gone_runs_nothing(rig: Rig):
    event = rig.write("gone", b"1")
    BlobServiceClient.from_connection_string(rig.data.connection_string).get_blob_client("logs", "gone").delete_blob()
    rig.events.publish(event)
    rig.host.wait_until_idle()
    assert rig.lines() == []


def test_an_event_for_an_unknown_function_is_dropped_and_told(rig: Rig):
    EventGrid({"logs": rig.host.webhook("no_such")}, random.Random(1)).publish(rig.write("a", b"1"))
    rig.host.wait_until_idle()
    assert rig.lines() == []
    assert "no_such" in rig.host.log.read_text()


def test_the_webhook_proves_that_it_wants_the_events(rig: Rig):
    rig.events.validate()


def test_the_webhook_refuses_a_wrong_key(rig: Rig):
    address = rig.host.webhook("on_log").replace(rig.host.key, "wrong")
    answer = requests.post(address, json=[], headers={"aeg-event-type": "Notification"}, timeout=10)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    with pytest.raises(RuntimeError, match="401"):
        EventGrid({"logs": address}, random.Random(1)).validate()


@pytest.mark.parametrize("body", ["no json", "{}", '[{"data": {}}]', '[{"data": {"url": "http://127.0.0.1/account"}}]'])
def test_the_webhook_refuses_what_is_not_an_event(rig: Rig, body: str):
    answer = requests.post(
        rig.host.webhook("on_log"), data=body, headers={"aeg-event-type": "Notification"}, timeout=10
    )
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_a_timer_runs_when_an_administrator_asks(rig: Rig):
    rig.host.invoke("on_time")
    rig.host.wait_until_idle()
    assert rig.lines() == ["tick past_due=False"]


def test_a_blob_function_runs_on_a_blob_that_an_administrator_names(rig: Rig):
    rig.write("by/hand", b"12")
    rig.host.invoke("on_log", "logs/by/hand")
    rig.host.wait_until_idle()
    assert rig.lines() == ["by/hand 2"]


def test_an_administrator_is_told_that_there_is_no_such_function(rig: Rig):
    with pytest.raises(RuntimeError, match="no function nothing"):
        rig.host.invoke("nothing")


def test_the_log_holds_what_the_function_logs_from_the_level_that_host_json_says(rig: Rig):
    rig.events.publish(rig.write("heard", b"1"))
    rig.host.wait_until_idle()
    log = rig.host.log.read_text()
    assert "INFO Function.on_log.User: saw heard" in log
    assert "too much to tell" not in log


def test_the_log_holds_nothing_that_the_app_logs_outside_an_invocation(rig: Rig):
    rig.events.publish(rig.write("threaded", b"thread"))
    rig.host.wait_until_idle()
    log = rig.host.log.read_text()
    assert "saw threaded" in log
    assert "from a thread" not in log
    assert "imported" not in log
    assert "Auth level" not in log  # of azure-functions, while the app is indexed


def test_the_log_holds_neither_the_key_nor_a_connection_string(rig: Rig):
    rig.events.publish(rig.write("bad", b"fail"))
    rig.host.wait_until_idle()
    log = rig.host.log.read_text()
    assert rig.host.key not in log
    assert rig.data.key not in log


def test_an_app_with_a_missing_setting_does_not_start(account: StorageAccount, tmp_path: Path):
    with (
        pytest.raises(RuntimeError, match="neither DATA nor DATA__"),
        host_process(_APP, {"AzureWebJobsStorage": account.connection_string}, tmp_path / "log"),
    ):
        pass


def test_an_app_that_cannot_be_imported_does_not_start(account: StorageAccount, tmp_path: Path):
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text("import no_such_module")
    with (
        pytest.raises(RuntimeError, match="no_such_module"),
        host_process(tmp_path, {"AzureWebJobsStorage": account.connection_string}, tmp_path / "log"),
    ):
        pass
