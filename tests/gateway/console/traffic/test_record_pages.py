import threading
from dataclasses import replace

import pytest
import requests

from dev.gateway.local import new_customer, run_in_thread
from gateway.limits import DEFAULT_LIMITS
from gateway.metrics.activity import Activity
from gateway.stores.duckdb.questions import DuckDBQuestions
from tests.gateway.client import deliver, record
from tests.gateway.console.person import Person, text_of
from tests.gateway.stores.duckdb.test_watch import ENDLESS


def test_a_search_that_takes_too_long_is_stopped_and_says_so_at_the_field(tmp_path, monkeypatch, clock):
    monkeypatch.setattr(DuckDBQuestions, "totals", lambda records, _question: list(records.rows(ENDLESS, [])))
    activity, limits = Activity(), replace(DEFAULT_LIMITS, query_seconds=0.05)
    with run_in_thread(tmp_path, clock=clock.now, limits=limits, activity=activity) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        deliver(gateway, customer.number, clock.now(), "key", [record()])
        person = Person(gateway.url)
        person.sign_in("ada", customer.password)
        answer = person.get("/traffic?q=dport:443&range=all")
    assert answer.status_code == 422
    assert (
        "This took longer than 0.05 s and was stopped. Choose a shorter time range, or narrow the search."
        in text_of(answer)
    )
    assert 'value="dport:443"' in answer.text
    assert activity.slots.stopped == 1


def test_a_query_whose_reader_leaves_ends_and_gives_its_place_back(tmp_path, monkeypatch, clock):
    ended = threading.Event()

    def endless(records, _question):
        try:
            return list(records.rows(ENDLESS, []))
        finally:
            ended.set()

    monkeypatch.setattr(DuckDBQuestions, "totals", endless)
    activity = Activity()
    with run_in_thread(tmp_path, clock=clock.now, activity=activity) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        deliver(gateway, customer.number, clock.now(), "key", [record()])
        person = Person(gateway.url)
        person.sign_in("ada", customer.password)
        with pytest.raises(requests.exceptions.ReadTimeout):
            person.session.get(f"{gateway.url}/traffic?range=all", timeout=0.5)
        assert ended.wait(10)
        assert person.get("/account").status_code == 200
    assert activity.slots.stopped == 0
