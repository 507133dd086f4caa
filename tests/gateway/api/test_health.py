import sqlite3
from datetime import timedelta
from unittest.mock import Mock

import pytest

from dev.gateway.local import new_customer, run_edge_in_thread, run_in_thread
from gateway.limits import Limits
from gateway.stores.agents import Agents, Standing
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.tokens import TokenKind
from gateway.traffic.store import StoreUnavailableError
from tests.gateway.client import AgentClient, Client, agent_record, code, ndjson, record

FULL = StoreUnavailableError("No space left on device")


@pytest.fixture
def running(tmp_path, clock):
    """A gateway of a customer of its own, with a client."""
    with run_in_thread(tmp_path, clock=clock.now, limits=Limits(posts_at_once=1, body_bytes=1000)) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        yield gateway, Client(gateway.url, customer.subscription_token, customer.number)


@pytest.mark.parametrize("reason", [FULL, StoreUnavailableError("out of memory"), MemoryError()])
def test_a_gateway_that_cannot_store_a_post_is_not_healthy_until_it_can_write_again(running, monkeypatch, reason):
    _, client = running
    with monkeypatch.context() as patched:
        patched.setattr(DuckDBRecords, "store", Mock(side_effect=reason))
        assert client.post(ndjson(record())).status_code in {500, 503}
        patched.setattr(DuckDBRecords, "_transaction", Mock(side_effect=FULL))
        assert code(client.call("GET", "/healthz")) == (503, "storage")
    assert client.post(ndjson(record()), key="other").status_code == 202
    assert client.call("GET", "/healthz").status_code == 200


def test_a_flood_of_questions_is_not_a_flood_of_writes(running, monkeypatch):
    _, client = running
    monkeypatch.setattr(DuckDBRecords, "_transaction", Mock(side_effect=FULL))
    client.post(ndjson(record()))
    write = Mock(side_effect=FULL)
    monkeypatch.setattr(DuckDBRecords, "touch", write)
    for _ in range(20):
        assert code(client.call("GET", "/healthz")) == (503, "storage")
    write.assert_called_once()


def test_what_is_refused_is_not_a_fault_of_the_gateway(running):
    gateway, client = running
    stranger = Client(gateway.url, "no token", 0)
    answers = [
        client.post(b"{}\n"),
        client.post(b"no gzip", key="b", compressed=True),
        client.post(bytes(2000), key="c", compressed=True),
        client.post(ndjson(record()), key="d", headers={"Content-Type": "text/plain"}),
        client.post(ndjson(record()), key="no key"),
        stranger.post(ndjson(record())),
    ]
    assert [answer.status_code for answer in answers] == [202, 400, 413, 415, 400, 401]
    assert gateway.stores.health.failing_since is None


def test_a_post_that_was_stored_before_proves_nothing(running, clock, monkeypatch):
    gateway, client = running
    assert client.post(ndjson(record())).status_code == 202
    gateway.stores.health.failed(clock.now())
    assert client.post(ndjson(record())).json()["duplicate"]
    monkeypatch.setattr(DuckDBRecords, "_transaction", Mock(side_effect=FULL))
    assert code(client.call("GET", "/healthz")) == (503, "storage")


def test_a_delivery_of_an_agent_that_meets_a_lock_makes_both_listeners_tell(running, certificate, clock, monkeypatch):
    gateway, client = running
    with run_edge_in_thread(gateway.stores, certificate.certificate, certificate.key, clock=clock.now) as url:
        token, _ = gateway.stores.tokens.add(client.customer, clock.now(), timedelta(days=1), kind=TokenKind.AGENT)
        agent = AgentClient(url, token, client.customer, str(certificate.certificate))
        assert agent.ask().status_code == 200
        item = gateway.stores.agents.find(client.customer, agent.id).item
        gateway.stores.agents.decide(client.customer, item, agent.id, Standing.ACCEPTED)
        with monkeypatch.context() as patched:
            patched.setattr(Agents, "note_delivery", Mock(side_effect=sqlite3.OperationalError("database is locked")))
            assert code(agent.deliver(ndjson(agent_record()))) == (503, "storage")
            patched.setattr(DuckDBRecords, "_transaction", Mock(side_effect=FULL))
            assert code(agent.call("GET", "/healthz")) == (503, "storage")
            assert code(client.call("GET", "/healthz")) == (503, "storage")
        assert client.post(ndjson(record()), key="another").status_code == 202
        assert agent.call("GET", "/healthz").status_code == 200


def test_a_key_that_came_in_at_the_other_listener_in_the_meantime_is_in_progress(running, monkeypatch):
    gateway, client = running
    assert client.post(ndjson(record())).status_code == 202
    monkeypatch.setattr(DuckDBRecords, "find", Mock(return_value=None))  # as it was before the other one
    assert code(client.post(ndjson(record()))) == (425, "in_progress")
    assert gateway.stores.health.failing_since is None
