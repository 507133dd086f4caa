import gzip
import hashlib
import random
import socket
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests

from dev.gateway.local import new_customer, run_in_thread
from gateway.limits import Limits
from tests.gateway.client import Client, agent_record, code, ndjson, record

AN_HOUR = timedelta(hours=1)


def stored(gateway, client):
    return list(gateway.stores.records.records(client.customer))


def test_good_records_are_accepted_and_stored_as_sent(gateway, client):
    sent = [record(src_port=port) for port in (1, 2, 2)]
    answer = client.post(ndjson(*sent))
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 3, "duplicate": False, "rejected": []}
    assert sorted(stored(gateway, client), key=str) == sorted(sent, key=str)


def test_every_value_that_a_record_may_have_comes_back_unchanged(gateway, client):
    odd = [
        record(src_ip="2001:db8::1", dst_ip="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        record(src_ip="0.0.0.0", dst_ip="255.255.255.255", src_port=0, dst_port=65535, protocol=255),
        record(rule='naïve "quoted" \\ \n \x00 rule', resource_id="", packets_src_to_dst=10**18 - 1),
        record(source="vnet", version=4, state="deny", decision="deny", encryption="NX_HW", acl_id="{}", mac=None),
        record(source="nsg", version=1, state=None, resource_id="x" * 1024),
    ]
    assert client.post(ndjson(*odd)).json()["accepted"] == len(odd)
    assert sorted(stored(gateway, client), key=str) == sorted(odd, key=str)


def test_a_line_that_is_not_a_record_is_rejected_and_the_others_are_stored(gateway, client):
    body = ndjson(record(), record(src_port=65536), b"{", b"", b"[1]", record(src_port=7))
    answer = client.post(body).json()
    assert answer["accepted"] == 2
    assert [entry["line"] for entry in answer["rejected"]] == [1, 2, 3, 4]
    assert "src_port" in answer["rejected"][0]["reason"]
    assert sorted(each["src_port"] for each in stored(gateway, client)) == [7, 44931]


def test_an_agents_record_is_not_taken_here(gateway, client):
    answer = client.post(ndjson(agent_record(), record(), agent_record(host=""))).json()
    assert answer["accepted"] == 1
    reasons = {each["line"]: each["reason"] for each in answer["rejected"]}
    assert reasons[0] == "an agent's flow record must be delivered to the edge, not here"
    assert reasons[2].startswith("host must be")
    assert stored(gateway, client) == [record()]


def test_a_body_may_end_without_a_newline(client):
    assert client.post(ndjson(record(), record()).rstrip()).json()["accepted"] == 2


@pytest.mark.parametrize("body", [b"", b"\n", b"garbage", b"[{}]", b"1\n2\n", b"\xff\xfe", b'"{}"\n'])
def test_a_body_that_is_not_ndjson_is_refused_whole(client, body):
    assert code(client.post(body)) == (400, "not_ndjson")
    assert client.post(ndjson(record())).json() == {"accepted": 1, "duplicate": False, "rejected": []}


def test_a_body_sent_again_gets_its_first_answer_again_and_is_stored_once(gateway, client):
    body = ndjson(record(), b"{}")
    first = client.post(body)
    again = client.post(body)
    assert again.status_code == 202
    assert again.text == first.text.replace('"duplicate":false', '"duplicate":true') != first.text
    assert len(stored(gateway, client)) == 1


def test_the_same_body_compressed_otherwise_is_the_same_body(client):
    body = ndjson(*[record(src_port=port) for port in range(100)])
    client.post(gzip.compress(body, 1), compressed=True)
    assert client.post(gzip.compress(body, 9), compressed=True).json()["duplicate"] is True


def test_a_key_that_came_with_another_body_is_refused(gateway, client):
    client.post(ndjson(record()))
    assert code(client.post(ndjson(record(src_port=9)))) == (409, "key_reused")
    assert len(stored(gateway, client)) == 1


def test_another_token_of_the_same_customer_meets_the_same_keys(gateway, client, clock):
    body = ndjson(record())
    client.post(body)
    other, _ = gateway.stores.tokens.add(client.customer, clock.now(), AN_HOUR)
    assert Client(client.url, other, client.customer).post(body).json()["duplicate"] is True


def test_customers_neither_share_keys_nor_see_each_others_records(gateway, new_client):
    one, other = new_client(), new_client()
    one.post(ndjson(record(src_port=1)))
    answer = other.post(ndjson(record(src_port=2)))
    assert answer.json() == {"accepted": 1, "duplicate": False, "rejected": []}
    assert [each["src_port"] for each in stored(gateway, one)] == [1]
    assert [each["src_port"] for each in stored(gateway, other)] == [2]


def test_a_post_keeps_what_it_was_answered_and_when(gateway, client, clock):
    body = ndjson(record())
    answer = client.post(body, key="abc").content
    (post,) = gateway.stores.records.posts(client.customer)
    assert (post.key, post.answer, post.accepted_at) == ("abc", answer, clock.now())
    assert post.body_hash == hashlib.sha256(body).digest()


@pytest.mark.parametrize("key", [None, "", "two words", "x" * 201, "é".encode(), "tab\tbed"])
def test_a_missing_or_odd_key_is_refused(client, key):
    assert code(client.post(ndjson(record()), headers={"Idempotency-Key": key})) == (400, "bad_idempotency_key")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": None},
        {"Content-Encoding": None},
        {"Content-Encoding": "br"},
        {"Content-Encoding": "gzip, gzip"},
    ],
)
def test_another_media_type_or_encoding_is_refused(client, headers):
    assert code(client.post(ndjson(record()), headers=headers)) == (415, "unsupported_media_type")


def test_a_charset_does_no_harm(client):
    answer = client.post(ndjson(record()), headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
    assert answer.status_code == 202


@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic dTpw", "Bearer wrong"])
def test_without_a_good_subscription_token_nothing_is_read(client, authorization):
    answer = client.post(ndjson(record()), headers={"Authorization": authorization})
    assert code(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@contextmanager
def held_post(client, key):
    """A post that the gateway has begun to read, and that brings no body yet."""
    address = urlsplit(client.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(
            f"POST /qas/flow-logs HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {client.token}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\nIdempotency-Key: {key}\r\n"
            "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        yield connection


def test_a_key_in_progress_is_put_off_and_free_again_when_its_sender_has_gone(client):
    with held_post(client, "key"):
        answer = client.post(ndjson(record()), key="key")
        assert code(answer) == (425, "in_progress")
        assert answer.headers["Retry-After"] == "1"
    while (answer := client.post(ndjson(record()), key="key")).status_code == 425:
        pass
    assert answer.json() == {"accepted": 1, "duplicate": False, "rejected": []}


def test_a_key_in_progress_holds_up_neither_other_keys_nor_other_customers(client, new_client):
    with held_post(client, "key"):
        assert client.post(ndjson(record()), key="other").status_code == 202
        assert new_client().post(ndjson(record()), key="key").status_code == 202


LIMITS = Limits(body_bytes=2000, unpacked_bytes=20_000, records=10, form_bytes=100, body_seconds=0.2, posts_at_once=1)


@pytest.fixture
def narrow(tmp_path):
    """A client of a gateway that takes little."""
    with run_in_thread(tmp_path, limits=LIMITS) as gateway:
        customer = new_customer(gateway.stores.database, "narrow")
        yield Client(gateway.url, customer.subscription_token, customer.number)


def test_each_limit_is_named_by_the_refusal_and_what_keeps_it_is_taken(narrow):
    ten = [record(src_port=port) for port in range(10)]
    noise = random.Random(1).randbytes(3000)
    for body, compressed, named in [
        (noise, True, "compressed body is larger than 2000 bytes"),
        (ndjson(record(rule="x" * 20_000)), False, "20000 bytes when decompressed"),
        (ndjson(*ten, record()), False, "10 lines"),
    ]:
        answer = narrow.post(body, compressed=compressed)
        assert code(answer) == (413, "too_large")
        assert named in answer.json()["error"]["message"]
    assert narrow.post(ndjson(*ten)).json()["accepted"] == 10


def test_a_stored_body_is_answered_again_when_limits_have_been_lowered(tmp_path):
    body = ndjson(*[record(rule=random.Random(port).randbytes(200).hex()) for port in range(100)], b"{}")
    assert len(gzip.compress(body, 1)) > LIMITS.body_bytes
    with run_in_thread(tmp_path) as gateway:
        customer = new_customer(gateway.stores.database, "customer")
        first = Client(gateway.url, customer.subscription_token, customer.number).post(body)
    with run_in_thread(tmp_path, limits=LIMITS) as gateway:
        client = Client(gateway.url, customer.subscription_token, customer.number)
        again = client.post(body)
        assert again.status_code == 202
        assert again.text == first.text.replace('"duplicate":false', '"duplicate":true') != first.text
        assert code(client.post(ndjson(record()))) == (409, "key_reused")
        assert code(client.post(body, key="new")) == (413, "too_large")
        assert len(stored(gateway, client)) == 100


@pytest.mark.parametrize("known", [True, False])
def test_a_body_that_is_cut_short_is_to_be_sent_again(client, known):
    body = ndjson(record())
    if known:
        client.post(body)
    assert code(client.post(gzip.compress(body)[:-9], compressed=True)) == (408, "cut_short")
    assert client.post(body).json()["duplicate"] is known


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(narrow):
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Idempotency-Key": "key"}
    chunks = (bytes(1000) for _ in range(10))
    assert code(narrow.call("POST", "/qas/flow-logs", data=chunks, headers=headers)) == (413, "too_large")


def test_a_refused_body_leaves_the_connection_in_order(narrow):
    with requests.Session() as session:
        for size, expected in [(500_000, 413), (10, 400)]:
            headers = {"Authorization": f"Bearer {narrow.token}", "Idempotency-Key": "key"}
            headers |= {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
            answer = session.post(narrow.url + "/qas/flow-logs", data=bytes(size), headers=headers, timeout=20)
            assert answer.status_code == expected


def test_a_body_that_does_not_come_times_out(narrow):
    with held_post(narrow, "key") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_more_posts_at_once_than_the_gateway_takes_are_put_off(narrow):
    with held_post(narrow, "key"):
        answer = narrow.post(ndjson(record()), key="other")
    assert code(answer) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"


def test_posts_of_one_customer_that_never_end_hold_up_no_others(tmp_path):
    with run_in_thread(tmp_path, limits=Limits(posts_at_once=4, posts_of_a_customer=2)) as gateway:
        one, other = (new_customer(gateway.stores.database, name) for name in ("one", "other"))
        one, other = (Client(gateway.url, each.subscription_token, each.number) for each in (one, other))
        with held_post(one, "1"), held_post(one, "2"):
            assert code(one.post(ndjson(record()))) == (503, "busy")
            assert other.post(ndjson(record())).status_code == 202
        while (answer := one.post(ndjson(record()))).status_code == 503:
            pass
        assert answer.status_code == 202


def test_when_storage_fails_the_sender_is_told_to_come_back(tmp_path, caplog):
    with run_in_thread(tmp_path) as gateway:
        customer = new_customer(gateway.stores.database, "customer")
        client = Client(gateway.url, customer.subscription_token, customer.number)
        gateway.stores.records.close()
        answer = client.post(ndjson(record()))
        assert code(answer) == (503, "storage")
        assert answer.headers["Retry-After"] == "30"
        assert code(client.call("GET", "/healthz")) == (503, "storage")
    assert "A post could not be stored" in caplog.text
    assert customer.subscription_token not in caplog.text
