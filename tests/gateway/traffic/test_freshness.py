from datetime import timedelta

from gateway.clock import to_ms
from gateway.stores.tokens import TokenKind
from gateway.traffic.freshness import AccountFreshness, Refusal, account_freshness
from tests.gateway.client import ndjson, record

NAME = "insights-logs-flowlogflowevent/y=2026/m=11/d=23/h=15/m=00/macAddress=A/PT1H.json"


def log(account, name=NAME):
    return {"Flow-Log": f"{account}/{name.replace(' ', '%20')}"}


def test_an_account_tells_its_newest_record_its_log_and_the_delay(gateway, client, clock):
    now = to_ms(clock.now())
    client.post(ndjson(record(time=now - 60_000), record(time=now - 90_000)), "1", log("shop", "c/new log"))
    client.post(ndjson(record(time=now - 7_200_000), {"a": 1}), "2", log("shop", "c/old"))
    client.post(ndjson(record(time=now - 1)), "3", log("other"))
    client.post(ndjson(record(time=now)), "4")
    found = account_freshness(gateway.stores.records, client.customer)
    assert found == {
        "shop": AccountFreshness("shop", "c/new log", now - 60_000, 60_000, now, 1, None),
        "other": AccountFreshness("other", NAME, now - 1, 1, now, 0, None),
    }


def test_a_record_of_the_future_is_not_an_accounts_newest(gateway, client, clock):
    now, future = to_ms(clock.now()), 4_000_000_000_000
    client.post(ndjson(record(time=now - 60_000), record(time=future)), "1", log("shop"))
    client.post(ndjson(record(time=future)), "2", log("other"))
    found = account_freshness(gateway.stores.records, client.customer)
    assert (found["shop"].last, found["shop"].delay) == (now - 60_000, 60_000)
    assert (found["other"].last, found["other"].accepted) == (None, now)


def test_the_last_refusal_stands_until_the_next_and_through_what_is_accepted(gateway, client, clock):
    client.post(b"no gzip", "1", log("shop"), compressed=True)
    clock.move(60)
    client.post(ndjson([1]), "2", log("shop"))
    at = to_ms(clock.now())
    clock.move(60)
    client.post(ndjson(record()), "3", log("shop"))
    shop = account_freshness(gateway.stores.records, client.customer)["shop"]
    assert shop.refusal == Refusal(at, 400, "The body is no NDJSON. Send one JSON object a line, none of them a list.")


def test_a_token_that_has_ended_is_its_accounts_error(gateway, client, clock):
    client.post(ndjson(record()), "0", log("shop"))
    (token,) = gateway.stores.tokens.all(client.customer)
    gateway.stores.tokens.revoke(client.customer, token.number, clock.now())
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 401
    assert client.post(ndjson(record()), "1", log("madeup")).status_code == 401
    found = account_freshness(gateway.stores.records, client.customer)
    assert found.keys() == {"shop"}
    refusal = found["shop"].refusal
    assert refusal == Refusal(to_ms(clock.now()), 401, refusal.message)
    assert "expired or revoked" in refusal.message


def test_an_agents_token_is_its_accounts_error_too(gateway, client, clock):
    client.post(ndjson(record()), "0", log("shop"))
    client.token, _ = gateway.stores.tokens.add(client.customer, clock.now(), timedelta(days=1), kind=TokenKind.AGENT)
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 403
    refusal = account_freshness(gateway.stores.records, client.customer)["shop"].refusal
    assert refusal == Refusal(to_ms(clock.now()), 403, refusal.message)
    assert "kind ingest" in refusal.message


def test_a_token_that_never_was_is_nobodys_error(gateway, client):
    known, client.token = client.token, "made-up"
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 401
    client.token = known
    assert account_freshness(gateway.stores.records, client.customer) == {}


def test_an_account_of_which_nothing_was_accepted_yet_is_there_with_its_refusal(gateway, client):
    client.post(b"no gzip", "1", log("shop"), compressed=True)
    shop = account_freshness(gateway.stores.records, client.customer)["shop"]
    assert (shop.log, shop.last, shop.delay, shop.accepted, shop.rejected) == (None, None, None, None, 0)
    assert shop.refusal is not None


def test_what_is_no_log_blob_is_passed_over(gateway, client):
    for number, text in enumerate(["", "shop", "SHOP/c/b", "shop//b", "shop/c", "a b/c/d", "%00/c/d"]):
        assert client.post(ndjson(record()), str(number), {"Flow-Log": text}).status_code == 202
    assert account_freshness(gateway.stores.records, client.customer) == {}


def test_a_customer_sees_no_account_of_another(gateway, client, new_client):
    client.post(ndjson(record()), "1", log("shop"))
    client.post(b"no gzip", "2", log("shop"), compressed=True)
    assert account_freshness(gateway.stores.records, new_client().customer) == {}
