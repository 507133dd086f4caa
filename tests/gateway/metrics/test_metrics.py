"""What Prometheus reads, by its own parser."""

import contextlib
import threading
from datetime import timedelta

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from gateway.local import run_in_thread
from gateway.metrics.activity import Activity
from gateway.metrics.app import TokenFileError, create_metrics, read_token
from gateway.server import listen, server
from gateway.stores.tokens import TokenKind
from tests.gateway.client import Client, agent_record, ndjson, record

TOKEN = "the token of the metrics"


@pytest.fixture
def activity():
    return Activity()


@pytest.fixture
def gateway(tmp_path, clock, activity):
    with run_in_thread(tmp_path, clock=clock.now, activity=activity) as running:
        yield running


@pytest.fixture
def scrape(gateway, activity, tmp_path, clock):
    """Reads the metrics, with a token if one is given, over a real connection."""
    app = create_metrics(gateway.stores, activity, tmp_path, clock.now, TOKEN)
    listener = listen("127.0.0.1", 0)
    serving = server(app)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]})
    thread.start()

    def get(token=None, accept="text/plain"):
        headers = {"Accept": accept} | ({} if token is None else {"Authorization": f"Bearer {token}"})
        return requests.get(f"http://127.0.0.1:{listener.getsockname()[1]}/metrics", headers=headers, timeout=10)

    with contextlib.suppress(requests.ConnectionError):
        get()
    yield get
    serving.should_exit = True
    thread.join()


@pytest.fixture
def named(gateway, clock):
    """Gives a customer of a name that has to be escaped, with a client."""
    number = gateway.stores.accounts.add_customer('Contoso "East" \\ North')
    token, _ = gateway.stores.tokens.add(number, clock.now(), timedelta(days=1), kind=TokenKind.INGEST)
    return Client(gateway.url, token, number)


def samples(answer):
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(answer, name, **labels):
    return samples(answer)[name, tuple(sorted(labels.items()))]


def test_requests_and_records_are_counted_and_a_repeat_brings_no_record(named, scrape):
    named.post(ndjson(record(), record(), b"no record"), key="one")
    named.post(ndjson(record(), record(), b"no record"), key="one")
    named.post(b"no gzip", compressed=True)
    answer = scrape()
    assert value(answer, "sluice_requests_total", route="/qas/flow-logs", status="202") == 2
    assert value(answer, "sluice_requests_total", route="/qas/flow-logs", status="400") == 1
    assert value(answer, "sluice_records_accepted_total") == 2
    assert value(answer, "sluice_lines_rejected_total") == 1
    assert value(answer, "sluice_stored_records") == 2
    assert value(answer, "sluice_received_bytes_total") > 100


def test_customers_are_shown_to_the_token_alone(named, scrape):
    named.post(ndjson(record()))
    everybody, keeper = scrape(), scrape(TOKEN)
    assert not any("customer" in dict(labels) for _, labels in samples(everybody))
    assert "Contoso" not in everybody.text
    name = 'Contoso "East" \\ North'
    assert value(keeper, "sluice_customer_posts_total", customer=name, route="/qas/flow-logs", status="202") == 1
    assert value(keeper, "sluice_customer_records_accepted_total", customer=name) == 1
    assert value(keeper, "sluice_customer_used", customer=name, budget="distinct_texts") == 2
    assert value(keeper, "sluice_customer_budget", customer=name, budget="stored_bytes") == 10**12


def test_a_customers_token_is_none_of_the_metrics(named, scrape):
    for wrong in (named.token, TOKEN[:-1], "", "ä"):
        answer = scrape(wrong.encode().decode("latin-1"))
        assert answer.status_code == 401
        assert "sluice_" not in answer.text


def test_every_source_has_its_newest_record(named, scrape, clock):
    now = clock.now().timestamp()
    log = {"Flow-Log": "shop/insights-logs-flowlogflowevent/PT1H.json"}
    named.post(ndjson(record(time=int(now * 1000) - 60_000)), key="1", headers=log)
    named.post(b"no gzip", key="2", headers={"Flow-Log": "other/c/PT1H.json"}, compressed=True)
    of = {"customer": 'Contoso "East" \\ North', "source": "logs"}
    answer = scrape(TOKEN)
    newest = value(answer, "sluice_customer_newest_record_timestamp_seconds", account="shop", **of)
    assert newest == pytest.approx(now - 60, abs=0.01)
    assert value(answer, "sluice_customer_refused", account="shop", **of) == 0


def test_what_is_under_way_and_whether_posts_can_be_stored(gateway, activity, scrape, clock):
    activity.connections["gateway"].admit(("127.0.0.9", 1))
    gateway.stores.health.failed(clock.now())
    answer = scrape()
    assert value(answer, "sluice_connections", listener="gateway") == 1
    assert value(answer, "sluice_connections_limit", listener="gateway") == 1000
    assert value(answer, "sluice_bodies_bytes", listener="gateway") == 0
    assert value(answer, "sluice_queries_running") == 0
    assert value(answer, "sluice_storing") == 0
    assert value(answer, "sluice_file_bytes", file="records.duckdb") > 0
    assert value(answer, "process_resident_memory_bytes") > 10**6
    gateway.stores.health.stored()
    assert value(scrape(), "sluice_storing") == 1


def test_open_metrics_is_spoken_to_those_who_ask_for_it(scrape):
    answer = scrape(accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert scrape().headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("held", [b"", b"short", b"a token with blanks in it", "über-geheimes-token".encode()])
def test_a_token_that_is_none_ends_in_a_sentence(tmp_path, held):
    path = tmp_path / "token"
    path.write_bytes(held)
    with pytest.raises(TokenFileError, match="--metrics-token-file"):
        read_token(path)


def test_a_token_is_a_line_of_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("0123456789abcdef\n")
    assert read_token(path) == "0123456789abcdef"
    assert agent_record()["source"] == "agent"
