"""What Prometheus reads, by its own parser."""

import contextlib
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from dev.gateway.local import run_in_thread
from gateway import __version__
from gateway.metrics.activity import Activity, Posts
from gateway.metrics.app import TokenFileError, create_metrics, read_token
from gateway.metrics.collecting import Totals
from gateway.server import listen, server
from gateway.stores.agents import AgentIdentity
from gateway.stores.health import TRY_EVERY
from gateway.stores.tokens import TokenKind
from tests.gateway.client import Client, ndjson, record

TOKEN = "the token of the metrics"
ROOT = Path(__file__).resolve().parents[3]


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
    read = [
        ((sample.name, tuple(sorted(sample.labels.items()))), sample.value)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]
    # Prometheus takes nothing of a scrape that has a series twice.
    assert len(dict(read)) == len(read)
    return dict(read)


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


def test_a_customers_token_and_a_wrong_one_show_totals_alone(named, scrape):
    named.post(ndjson(record()))
    for wrong in (named.token, TOKEN[:-1], "", "ä"):
        answer = scrape(wrong.encode().decode("latin-1"))
        assert value(answer, "sluice_stored_records") == 1
        assert not any("customer" in dict(labels) for _, labels in samples(answer))
        assert "Contoso" not in answer.text


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


def test_what_is_under_way_and_what_the_process_takes(activity, scrape):
    activity.connections["gateway"].admit(("127.0.0.9", 1))
    answer = scrape()
    assert value(answer, "sluice_connections", listener="gateway") == 1
    assert value(answer, "sluice_connections_limit", listener="gateway") == 1000
    assert value(answer, "sluice_bodies_bytes", listener="gateway") == 0
    assert value(answer, "sluice_queries_running") == 0
    assert value(answer, "sluice_file_bytes", file="records.duckdb") > 0
    assert value(answer, "process_resident_memory_bytes") > 10**6


def test_posts_can_be_stored_again_once_a_small_write_succeeds_though_nobody_asks_healthz(gateway, scrape, clock):
    gateway.stores.health.failed(clock.now())
    assert value(scrape(), "sluice_storing") == 1
    gateway.stores.health.failed(clock.now())
    assert value(scrape(), "sluice_storing") == 0
    clock.move(TRY_EVERY.total_seconds())
    assert value(scrape(), "sluice_storing") == 1


def test_customers_that_are_gone_and_posts_of_nobody_are_one_series(activity, named, scrape):
    Client(named.url, "made up", 0).post(ndjson(record()))
    for customer in (998, 999):
        activity.tally.posts[Posts(customer, "/qas/flow-logs", 401)] += 1
    of = {"customer": "", "route": "/qas/flow-logs", "status": "401"}
    assert value(scrape(TOKEN), "sluice_customer_posts_total", **of) == 3


def test_machines_are_totals_to_everybody_and_by_customer_to_the_token(gateway, named, scrape, clock):
    other = gateway.stores.accounts.add_customer("other")
    assert value(scrape(), "sluice_machines", state="pending") == 0
    for number, customer in enumerate((named.customer, named.customer, other)):
        agent = AgentIdentity(f"agent-{number}", f"web-{number}", "Linux", "1.0", ())
        gateway.stores.agents.register(customer, agent, clock.now())
    gateway.stores.items.add(other, "by-hand", [], "Linux")
    assert value(scrape(), "sluice_machines", state="accepted") == 1
    assert value(scrape(), "sluice_machines", state="pending") == 3
    assert value(scrape(TOKEN), "sluice_customer_machines", customer="other", state="pending") == 1


def test_the_version_is_the_projects(scrape):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"]
    assert value(scrape(), "sluice_build_info", version=__version__) == 1


def test_scrapes_are_answered_one_after_another(scrape, monkeypatch):
    collect, asked = Totals.collect, threading.Semaphore()

    def alone(self):
        assert asked.acquire(blocking=False)
        yield from collect(self)
        asked.release()

    monkeypatch.setattr(Totals, "collect", alone)
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: scrape(), range(8))} == {200}


def test_open_metrics_is_spoken_to_those_who_ask_for_it(scrape):
    answer = scrape(accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert scrape().headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("held", [b"", b"short", b"a token with blanks in it", "über-geheimes-token".encode()])
def test_a_token_that_is_not_valid_ends_in_a_sentence(tmp_path, held):
    path = tmp_path / "token"
    path.write_bytes(held)
    with pytest.raises(TokenFileError, match="--metrics-token-file"):
        read_token(path)


def test_a_token_is_a_line_of_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("0123456789abcdef\n")
    assert read_token(path) == "0123456789abcdef"
