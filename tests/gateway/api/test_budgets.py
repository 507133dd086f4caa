"""A post that would pass its customer's budget is put off, and nobody else notices."""

import pytest
import requests

from gateway.clock import to_ms
from gateway.traffic.budget import Budget
from tests.gateway.client import code, ndjson, record

LOG = {"Flow-Log": "shop/insights/PT1H.json"}


@pytest.fixture
def allow(gateway):
    """Lets a customer store so many texts and bytes."""

    def allowing(client, texts=10**6, stored_bytes=10**12):
        gateway.stores.budgets.set(client.customer, Budget(texts, stored_bytes))

    return allowing


@pytest.mark.parametrize(
    ("budget", "what"), [({"texts": 2}, "2 distinct texts"), ({"stored_bytes": 800}, "800 stored bytes")]
)
def test_a_post_that_would_pass_the_budget_is_put_off_and_stores_nothing(gateway, client, allow, budget, what):
    allow(client, **budget)
    first = ndjson(record())
    assert client.post(first).status_code == 202
    refused = client.post(ndjson(record(rule="another"), record()), key="second")
    assert code(refused) == (429, "budget_spent")
    assert int(refused.headers["Retry-After"]) > 0
    told = refused.json()["error"]["message"]
    assert what in told
    assert "python -m gateway customer budget" in told
    assert gateway.stores.records.count(client.customer) == 1
    assert client.post(first).json() == {"accepted": 1, "duplicate": True, "rejected": []}
    allow(client)
    assert client.post(ndjson(record(rule="another"), record()), key="second").json()["duplicate"] is False
    assert gateway.stores.records.count(client.customer) == 3


def test_another_customer_and_the_gateway_s_health_do_not_notice(new_client, allow):
    spent, other = new_client(), new_client()
    allow(spent, texts=1)
    assert spent.post(ndjson(record())).status_code == 429
    assert other.post(ndjson(record())).status_code == 202
    assert requests.get(f"{spent.url}/healthz", timeout=9).json() == {"status": "ok"}


def test_the_refusal_is_kept_with_the_account_that_it_came_from(gateway, client, allow, clock):
    allow(client, texts=1)
    client.post(ndjson(record()), headers=LOG)
    refusal = gateway.stores.records.account_freshness(client.customer)["shop"].refusal
    assert (refusal.status, refusal.at) == (429, to_ms(clock.now()))
    assert "budget of 1 distinct texts is spent" in refusal.message
