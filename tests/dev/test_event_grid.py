import datetime as dt
import json
import random
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dev.event_grid import BlobCreated, EventGrid, Faults


class _Webhook(ThreadingHTTPServer):
    """Keeps the names of the blobs it is told of; refuses events while `status` says so."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[str] = []
        self.status = HTTPStatus.ACCEPTED

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?code=secret"


class _Handler(BaseHTTPRequestHandler):
    server: _Webhook

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))[0]
        if self.server.status is HTTPStatus.ACCEPTED:
            self.server.told.append(event["subject"].rpartition("/")[2])
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[_Webhook]:
    with _Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _event(number: int) -> BlobCreated:
    name = str(number)
    return BlobCreated(
        f"http://127.0.0.1/a/logs/{name}", "logs", name, "0x1", 1, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )


def _publish(webhook: _Webhook, faults: Faults, events: int = 40) -> EventGrid:
    grid = EventGrid({"logs": webhook.address}, random.Random(1), faults)
    for number in range(events):
        grid.publish(_event(number))
    return grid


def test_without_faults_every_event_arrives_once_and_in_order(webhook: _Webhook):
    _publish(webhook, Faults())
    assert webhook.told == [str(number) for number in range(40)]


def test_dropped_events_never_arrive(webhook: _Webhook):
    _publish(webhook, Faults(drop=0.5)).deliver_held()
    assert 0 < len(webhook.told) < 40


def test_duplicated_events_arrive_twice(webhook: _Webhook):
    _publish(webhook, Faults(duplicate=1.0))
    assert sorted(webhook.told) == sorted([str(number) for number in range(40)] * 2)


def test_delayed_events_arrive_later_and_out_of_order(webhook: _Webhook):
    grid = _publish(webhook, Faults(delay=0.5))
    grid.deliver_held()
    assert webhook.told != sorted(webhook.told, key=int)
    assert sorted(webhook.told, key=int) == [str(number) for number in range(40)]


def test_an_event_that_the_webhook_refuses_is_delivered_later(webhook: _Webhook):
    webhook.status = HTTPStatus.SERVICE_UNAVAILABLE
    grid = _publish(webhook, Faults(), events=1)
    assert webhook.told == []
    webhook.status = HTTPStatus.ACCEPTED
    grid.deliver_held()
    assert webhook.told == ["0"]


def test_a_webhook_that_proves_nothing_is_refused(webhook: _Webhook):
    with pytest.raises(RuntimeError, match=r"status 202|can't be reached"):
        EventGrid({"logs": webhook.address}, random.Random(1)).validate()


def test_an_unreachable_webhook_is_reported_without_its_key():
    with pytest.raises(RuntimeError, match="can't be reached") as raised:
        EventGrid({"logs": "http://127.0.0.1:1/hook?code=secret"}, random.Random(1)).validate()
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__
