import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Semaphore
from urllib.parse import urlsplit

import pytest
import requests

from dev.gateway.local import Customer, GatewayProcess, new_customer, run_in_thread
from gateway.stores.stores import open_database, open_stores
from tests.gateway.client import Client, ndjson, record


@pytest.fixture
def customer(tmp_path) -> Customer:
    """A customer made before the gateway's first start."""
    database = open_database(tmp_path)
    made = new_customer(database, "customer")
    database.close()
    return made


def client_of(gateway, customer):
    return Client(gateway.url, customer.subscription_token, customer.number)


def body_of(number):
    """A body of its own for each key, with two records that are equal."""
    return ndjson(*[record(bytes_src_to_dst=number, src_port=port) for port in (1, 2, 2)])


def test_a_gateway_process_ends_in_order_when_it_is_asked_to(tmp_path, customer):
    with GatewayProcess(tmp_path) as process:
        assert client_of(process, customer).post(body_of(1)).json()["duplicate"] is False
        assert process.stop() == 0
    assert [(entry["status"], entry["records"]) for entry in process.requests] == [(202, 3)]
    with open_stores(tmp_path) as stores:
        assert stores.records.count(customer.number) == 3


@pytest.mark.long
def test_a_kill_loses_nothing_accepted_and_doubles_nothing(tmp_path, customer):
    numbers = count()
    accepted: set[int] = set()
    for posts_before_the_kill in (1, 9):
        with GatewayProcess(tmp_path) as process, ThreadPoolExecutor(3) as senders:
            answered = Semaphore(0)
            sending = [
                senders.submit(send_until_killed, client_of(process, customer), numbers, accepted, answered)
                for _ in range(3)
            ]
            for _ in range(posts_before_the_kill):
                assert answered.acquire(timeout=20)
            process.kill()
            for each in sending:
                each.result()
        with open_stores(tmp_path) as stores:
            posts = {int(post.key) for post in stores.records.posts(customer.number)}
            assert accepted <= posts
            assert stored(stores, customer) == once(posts)

    sent = next(numbers)
    with run_in_thread(tmp_path) as gateway:
        client = client_of(gateway, customer)
        for number in range(sent):
            answer = client.post(body_of(number), key=str(number)).json()
            assert answer["duplicate"] is (number in posts)
    with open_stores(tmp_path) as stores:
        assert stored(stores, customer) == once(range(sent))


def send_until_killed(client, numbers, accepted, answered):
    for number in numbers:
        try:
            answer = client.post(body_of(number), key=str(number))
        except requests.ConnectionError:
            return
        assert answer.json() == {"accepted": 3, "duplicate": False, "rejected": []}
        accepted.add(number)
        answered.release()


def stored(stores, customer):
    return Counter((each["bytes_src_to_dst"], each["src_port"]) for each in stores.records.records(customer.number))


def once(numbers):
    return Counter({(number, port): port for number in numbers for port in (1, 2)})


@pytest.mark.long
def test_what_was_stored_before_a_lost_reply_and_a_kill_is_a_duplicate_afterwards(tmp_path, customer):
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"script": ["lost-reply"]}))
    with GatewayProcess(tmp_path, plan) as process:
        with pytest.raises(requests.ConnectionError):
            client_of(process, customer).post(body_of(1))
        process.kill()
    port = urlsplit(process.url).port
    with GatewayProcess(tmp_path, port=port) as successor:
        assert successor.url == process.url
        answer = client_of(successor, customer).post(body_of(1)).json()
        assert answer == {"accepted": 3, "duplicate": True, "rejected": []}


def test_a_second_gateway_on_the_same_directory_does_not_start(tmp_path, capfd):
    with open_stores(tmp_path), pytest.raises(RuntimeError, match="exit status 1"):
        GatewayProcess(tmp_path)
    assert "Is another gateway serving from that directory?" in capfd.readouterr().err


def test_secrets_do_not_show(customer):
    assert customer.password not in repr(customer)
    assert customer.subscription_token not in repr(customer)
