from datetime import timedelta

from gateway.clock import to_ms
from gateway.stores.tokens import TokenKind
from gateway.traffic.freshness import (
    MOST_HEARD,
    AccountFreshness,
    Heard,
    Refusal,
)
from tests.gateway.client import agent_record, ndjson, record

NAME = "insights-logs-flowlogflowevent/y=2026/m=11/d=23/h=15/m=00/macAddress=A/PT1H.json"


def log(account, name=NAME):
    return {"Flow-Log": f"{account}/{name.replace(' ', '%20')}"}


def test_an_account_tells_its_newest_record_its_log_and_the_delay(gateway, client, clock):
    now = to_ms(clock.now())
    client.post(ndjson(record(time=now - 60_000), record(time=now - 90_000)), "1", log("shop", "c/new log"))
    clock.move(60)
    client.post(ndjson(record(time=now - 7_200_000), {"a": 1}), "2", log("shop", "c/old"))
    client.post(ndjson(record(time=now - 1)), "3", log("other"))
    client.post(ndjson(record(time=now)), "4")
    found = gateway.stores.records.account_freshness(client.customer)
    assert found == {
        "shop": AccountFreshness("shop", "c/new log", now - 60_000, 60_000, now + 60_000, now, 1, None),
        "other": AccountFreshness("other", NAME, now - 1, 60_001, now + 60_000, now + 60_000, 0, None),
    }


def test_a_record_of_the_future_is_not_an_accounts_newest(gateway, client, clock):
    now, future = to_ms(clock.now()), 4_000_000_000_000
    client.post(ndjson(record(time=now - 60_000), record(time=future)), "1", log("shop"))
    client.post(ndjson(record(time=future)), "2", log("other"))
    found = gateway.stores.records.account_freshness(client.customer)
    assert (found["shop"].last, found["shop"].delay) == (now - 60_000, 60_000)
    assert (found["other"].last, found["other"].first, found["other"].accepted) == (None, None, now)


def test_the_last_refusal_stands_until_the_next_and_through_what_is_accepted(gateway, client, clock):
    client.post(b"no gzip", "1", log("shop"), compressed=True)
    since = to_ms(clock.now())
    clock.move(60)
    client.post(ndjson([1]), "2", log("shop"))
    at = to_ms(clock.now())
    clock.move(60)
    client.post(ndjson(record()), "3", log("shop"))
    shop = gateway.stores.records.account_freshness(client.customer)["shop"]
    told = "The body is not NDJSON. Send one JSON object per line, and no list."
    assert shop.refusal == Refusal(at, since, 400, told)


def test_refusals_after_a_post_that_was_accepted_begin_anew(gateway, client, clock):
    client.post(b"no gzip", "1", log("shop"), compressed=True)
    clock.move(60)
    client.post(ndjson(record()), "2", log("shop"))
    clock.move(60)
    client.post(b"no gzip", "3", log("shop"), compressed=True)
    again = to_ms(clock.now())
    clock.move(60)
    client.post(b"no gzip", "4", log("shop"), compressed=True)
    refusal = gateway.stores.records.account_freshness(client.customer)["shop"].refusal
    assert (refusal.since, refusal.at) == (again, to_ms(clock.now()))


def test_a_token_that_has_ended_is_its_accounts_error(gateway, client, clock):
    client.post(ndjson(record()), "0", log("shop"))
    (token,) = gateway.stores.tokens.all(client.customer)
    gateway.stores.tokens.revoke(client.customer, token.number, clock.now())
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 401
    assert client.post(ndjson(record()), "1", log("madeup")).status_code == 401
    found = gateway.stores.records.account_freshness(client.customer)
    assert found.keys() == {"shop"}
    refusal = found["shop"].refusal
    assert refusal == Refusal(to_ms(clock.now()), to_ms(clock.now()), 401, refusal.message)
    assert "expired or revoked" in refusal.message


def test_an_agents_token_is_its_accounts_error_too(gateway, client, clock):
    client.post(ndjson(record()), "0", log("shop"))
    client.token, _ = gateway.stores.tokens.add(client.customer, clock.now(), timedelta(days=1), kind=TokenKind.AGENT)
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 403
    refusal = gateway.stores.records.account_freshness(client.customer)["shop"].refusal
    assert refusal == Refusal(to_ms(clock.now()), to_ms(clock.now()), 403, refusal.message)
    assert "kind ingest" in refusal.message


def test_a_token_that_never_was_is_nobodys_error(gateway, client):
    known, client.token = client.token, "made-up"
    assert client.post(ndjson(record()), "1", log("shop")).status_code == 401
    client.token = known
    assert gateway.stores.records.account_freshness(client.customer) == {}


def test_an_account_of_which_nothing_was_accepted_yet_is_there_with_its_refusal(gateway, client):
    client.post(b"no gzip", "1", log("shop"), compressed=True)
    shop = gateway.stores.records.account_freshness(client.customer)["shop"]
    assert (shop.log, shop.last, shop.delay, shop.accepted, shop.rejected) == (None, None, None, None, 0)
    assert shop.refusal is not None


def test_what_is_no_log_blob_is_passed_over(gateway, client):
    for number, text in enumerate(["", "shop", "SHOP/c/b", "shop//b", "shop/c", "a b/c/d", "%00/c/d"]):
        assert client.post(ndjson(record()), str(number), {"Flow-Log": text}).status_code == 202
    assert gateway.stores.records.account_freshness(client.customer) == {}


def test_a_customer_sees_no_account_of_another(gateway, client, new_client):
    client.post(ndjson(record()), "1", log("shop"))
    client.post(b"no gzip", "2", log("shop"), compressed=True)
    assert gateway.stores.records.account_freshness(new_client().customer) == {}


def by_name(found):
    return {each.account: each for each in found.rows if not each.by_agent}


def test_logs_and_agents_are_heard_apart_and_each_account_by_itself(gateway, client, new_agent, accept, clock):
    now = to_ms(clock.now())
    agent = accept(new_agent(client.customer))
    client.post(ndjson(record(time=now - 3_600_000)), "1", log("shop"))
    client.post(ndjson(record(time=now - 60_000)), "2", log("other"))
    client.post(ndjson(record(time=now - 120_000)), "3")
    assert agent.deliver(ndjson(agent_record(time=now - 1000))).status_code == 200
    found = gateway.stores.records.heard(client.customer, [])
    assert set(found.rows) == {
        Heard("shop", False, now - 3_600_000, now),
        Heard("other", False, now - 60_000, now),
        Heard(None, False, now - 120_000, now),
        Heard(None, True, now - 1000, now),
    }
    assert found.others == 0


def test_a_refusal_is_heard_until_something_is_accepted(gateway, client, clock):
    client.post(ndjson(record()), "1", log("shop"))
    clock.move(60)
    client.post(b"no gzip", "2", log("shop"), compressed=True)
    client.post(b"no gzip", "3", log("never"), compressed=True)
    found = by_name(gateway.stores.records.heard(client.customer, []))
    assert found["shop"].refusal.status == found["never"].refusal.status == 400
    assert (found["never"].last, found["never"].accepted) == (None, None)
    clock.move(60)
    client.post(ndjson(record()), "4", log("shop"))
    found = by_name(gateway.stores.records.heard(client.customer, []))
    assert found["shop"].refusal is None


def test_names_that_a_sender_makes_up_push_no_configured_account_out(gateway, client, clock):
    client.post(ndjson(record()), "0", log("configured"))
    clock.move(60)
    at = to_ms(clock.now())
    with gateway.stores.records._transaction() as cursor:
        cursor.execute(
            """INSERT INTO posts (customer, key, body_hash, answer, accepted_at, account, rejected, by_agent)
               SELECT ?, 'made up ' || number, '', '{}', ?, 'madeup' || number, 0, false FROM range(?) made(number)""",
            [client.customer, at, MOST_HEARD + 10],
        )
    found = gateway.stores.records.heard(client.customer, ["configured"])
    assert (len(found.rows), found.others) == (MOST_HEARD, 11)
    assert found.rows[0].account == "configured"


def test_nobody_hears_of_another_customers_sources(gateway, client, new_client):
    client.post(ndjson(record()), "1", log("shop"))
    client.post(b"no gzip", "2", log("other"), compressed=True)
    assert gateway.stores.records.heard(new_client().customer, ["shop"]).rows == ()


def test_all_customers_are_heard_at_once_as_each_is_by_itself(gateway, client, new_client, new_agent, accept, clock):
    other = new_client()
    accept(new_agent(client.customer)).deliver(ndjson(agent_record()))
    for number, (sender, account) in enumerate([(client, "shop"), (client, "other"), (other, "shop")]):
        sender.post(ndjson(record()), str(number), log(account))
    clock.move(60)
    other.post(b"no gzip", "4", log("shop"), compressed=True)
    client.post(b"no gzip", "5", log("never"), compressed=True)
    records = gateway.stores.records
    found = records.heard_of_all([], 10)
    for customer in (client.customer, other.customer):
        assert len(found[customer]) == len(set(found[customer]))
        assert set(found[customer]) == set(records.heard(customer, []).rows)


def test_of_many_accounts_those_that_are_configured_are_told_first_and_agents_always(
    gateway, client, new_client, new_agent, accept, clock
):
    accept(new_agent(client.customer)).deliver(ndjson(agent_record()))
    other = new_client()
    for sender in (client, other):
        sender.post(ndjson(record()), "first", log("shop"))
        for number in range(5):
            clock.move(1)
            sender.post(ndjson(record()), str(number), log(f"madeup{number}"))
    found = gateway.stores.records.heard_of_all([(client.customer, "shop"), (client.customer, "silent")], 2)
    assert [(each.account, each.by_agent) for each in found[client.customer]] == [
        ("madeup4", False),
        ("shop", False),
        (None, True),
    ]
    assert [each.account for each in found[other.customer]] == ["madeup3", "madeup4"]
