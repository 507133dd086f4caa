from queue import SimpleQueue

import anyio
import pytest

from dev.gateway.local import new_customer, run_in_thread
from gateway.api.request_log import RequestLog
from tests.gateway.client import Client, ndjson, record


@pytest.fixture
def log():
    """The request log, entry by entry; an entry may be written after the sender has its answer."""
    return SimpleQueue()


@pytest.fixture
def gateway(tmp_path, clock, log):
    """A gateway of the test's own."""
    with run_in_thread(tmp_path, clock=clock.now, sink=log.put) as running:
        yield running


@pytest.fixture
def client(gateway, clock):
    """A client of its only customer."""
    customer = new_customer(gateway.stores.database, "customer", clock.now)
    return Client(gateway.url, customer.subscription_token, customer.number)


def entries_of(log, number):
    return [log.get(timeout=20) for _ in range(number)]


def test_an_entry_tells_what_became_of_a_post(client, log, clock):
    body = ndjson(record(), b"{}")
    client.post(body)
    client.post(body)
    first, again = entries_of(log, 2)
    assert first.pop("ms") > 0
    assert first.pop("bytes") > 0
    assert first == {
        "time": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "method": "POST",
        "route": "/qas/flow-logs",
        "status": 202,
        "customer": client.customer,
        "records": 1,
        "rejected": 1,
        "duplicate": False,
    }
    assert again["duplicate"] is True


def test_an_entry_has_neither_token_nor_query_nor_path(client, log):
    client.call("GET", "/qas/subscription-token?token=planted-secret")
    client.call("DELETE", "/qas/azure/subscriptions/planted-secret")
    client.call("GET", "/planted-secret")
    entries = entries_of(log, 3)
    assert [entry["route"] for entry in entries] == [
        "/qas/subscription-token",
        "/qas/azure/subscriptions/{subscription_id}",
        None,
    ]
    assert [entry["status"] for entry in entries] == [200, 400, 404]
    assert client.token not in str(entries)
    assert "planted-secret" not in str(entries)


def test_a_refused_request_is_logged_without_a_customer(client, log):
    client.token = "wrong"
    client.post(ndjson(record()))
    (entry,) = entries_of(log, 1)
    assert entry["status"] == 401
    assert "customer" not in entry


def test_a_fault_of_the_gateway_is_logged_as_such(client, gateway, log, monkeypatch):
    monkeypatch.setattr(type(gateway.stores.tokens), "find", None)
    client.call("GET", "/qas/subscription-token")
    (entry,) = entries_of(log, 1)
    assert entry["status"] == 500


@pytest.fixture
def told(clock):
    """Asks an application that answers with a status; gives all entries so far."""
    entries = []

    async def app(scope, _receive, send):
        status, customer = scope["path"].split("/")[1:]
        if customer:
            scope["state"] = {"customer": int(customer)}
        await send({"type": "http.response.start", "status": int(status)})

    async def send(_message):
        pass

    layer = RequestLog(app, entries.append, clock.now)

    def ask(status, customer=""):
        anyio.run(layer, {"type": "http", "method": "GET", "path": f"/{status}/{customer}"}, None, send)
        return entries

    return ask


def test_what_strangers_repeat_is_reported_twenty_times_a_minute_and_counted(told, clock):
    for _ in range(50):
        told(404)
        told(200)
    clock.move(60)
    told(404)
    entries = told(200)
    assert ["repeated" in each for each in entries] == [False] * 40 + [True] * 2
    assert [each["repeated"] for each in entries[40:]] == [30, 30]


def test_a_customers_refusals_are_reported_as_rarely_and_what_it_delivers_always(told):
    for _ in range(30):
        told(400, customer=7)
        told(202, customer=7)
    statuses = [each["status"] for each in told(400, customer=8)]
    assert (statuses.count(400), statuses.count(202)) == (21, 30)
