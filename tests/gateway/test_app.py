import threading
from datetime import timedelta

import pytest
import requests

from dev.gateway.local import new_customer, run_in_thread
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.stores import open_stores
from gateway.traffic.posts import KEY_LIFE, Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import Client, code
from tests.gateway.console.person import Person, text_of


def test_a_healthy_gateway_says_so_to_anyone(client):
    client.token = ""
    answer = client.call("GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_an_unknown_path_is_refused_in_the_form_of_every_error(client):
    assert code(client.call("GET", "/qas/flow-log")) == (404, "not_found")


def test_a_wrong_method_is_refused_in_the_form_of_every_error(client):
    assert code(client.call("GET", "/qas/flow-logs")) == (405, "method_not_allowed")
    assert code(client.call("PUT", "/qas/subscription-token")) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/qas/flow-logs", {"POST"}),
        ("/qas/subscription-token", {"GET", "HEAD", "POST"}),
        ("/qas/azure/subscriptions/22222222-2222-4222-8222-222222222222", {"DELETE", "PUT"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(client, path, methods):
    answer = client.call("PATCH", path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == methods


def test_the_server_does_not_say_what_it_is_made_of(client):
    assert "server" not in client.call("GET", "/healthz").headers


def test_a_fault_of_the_gateway_is_answered_without_its_reasons(client, gateway, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError("planted-secret")

    monkeypatch.setattr(type(gateway.stores.tokens), "find", fail)
    answer = client.call("GET", "/qas/subscription-token")
    assert code(answer) == (500, "fault")
    assert "planted-secret" not in answer.text


def test_a_start_forgets_keys_that_have_outlived_their_time(tmp_path, clock):
    with open_stores(tmp_path) as stores:
        stores.records.store(Post(1, "old", b"", b"{}", clock.now() - KEY_LIFE - timedelta(seconds=1)), transposed([]))
        stores.records.store(Post(1, "young", b"", b"{}", clock.now()), transposed([]))
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        assert requests.get(gateway.url + "/healthz", timeout=20).status_code == 200
        assert [post.key for post in gateway.stores.records.posts(1)] == ["young"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/qas/subscription-token"),
        ("POST", "/qas/flow-logs"),
        ("PUT", "/qas/azure/subscriptions/6f1c2a4e-9d53-4b7e-8a41-3c0d5e7f9b12"),
    ],
)
def test_a_call_that_storage_fails_is_put_off(tmp_path, clock, caplog, method, path):
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        gateway.stores.database.close()
        answer = Client(gateway.url, customer.subscription_token, customer.number).call(method, path)
    assert [code(answer), answer.headers["Retry-After"]] == [(503, "storage"), "30"]
    assert "Check for a full disk first" in caplog.text
    assert customer.subscription_token not in caplog.text


@pytest.mark.parametrize("failing", ["records", "database"])
def test_a_gateway_whose_storage_fails_is_not_healthy_and_its_pages_say_what_to_look_for(tmp_path, clock, failing):
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        person = Person(gateway.url)
        person.sign_in("ada", customer.password)
        getattr(gateway.stores, failing).close()
        assert code(person.get("/healthz")) == (503, "storage")
        page = person.get("/")
    assert page.status_code == 503
    assert "The gateway's storage failed. Check for a full disk, then restart the gateway." in text_of(page)


@pytest.mark.parametrize(
    ("chore", "other"),
    [("forget_keys", "settle"), ("customers", "settle"), ("merge_edges", "settle"), ("settle", "merge_edges")],
)
def test_a_chore_that_fails_in_whatever_way_ends_neither_the_gateway_nor_another_chore(
    tmp_path, clock, monkeypatch, chore, other
):
    failed, continued = threading.Event(), threading.Semaphore(0)

    def fail(*_arguments):
        failed.set()
        raise MemoryError

    def go_on(*_arguments):
        if failed.is_set():
            continued.release()
        return False

    monkeypatch.setattr("gateway.keeping.chores._EVERY", 0.2)
    monkeypatch.setattr(DuckDBRecords, chore, fail)
    monkeypatch.setattr(DuckDBRecords, other, go_on)
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        assert failed.wait(10)
        assert all(continued.acquire(timeout=10) for _ in range(5))
        assert Person(gateway.url).get("/healthz").status_code == 200
