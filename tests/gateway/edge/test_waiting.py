"""The agent itself at the edge, from its first question until an administrator has accepted it."""

import json
import logging
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from agent.collecting import Collector
from agent.delivery.backoff import Backoff
from agent.delivery.delivering import Delivery
from agent.delivery.edge import Edge, make_context, parse_address
from agent.delivery.polling import Polling
from agent.delivery.spool import INTERVALS_MAX, Spool, make_batch
from agent.delivery.token import Token
from agent.identity import Identity
from gateway.stores.agents import Standing
from tests.agent.still_clock import StillClock as AgentsClock
from tests.gateway.client import agent_record


class Running:
    """An agent's parts, as `sluice-agent run` puts them together, one step at a time."""

    def __init__(self, url, certificate, token, state):
        self.clock = AgentsClock()
        self.identity = Identity(str(uuid.uuid4()), "srv-1", "Linux", ("10.0.0.4",))
        self.token = token
        edge = Edge(
            parse_address(urlsplit(url).netloc),
            make_context(Path(certificate)),
            lambda: Token(self.token),
            self.identity,
            self.clock,
        )
        self.spool = Spool(state)
        self.delivery = Delivery(self.spool, edge, Backoff(chance=lambda: 1.0), self.clock)
        self.told = []
        self.asking = Polling(edge, self.told.append, Backoff(chance=lambda: 1.0))

    def found(self, *, minute, flows=1):
        lines = "".join(json.dumps(agent_record(host="srv-1", src_port=None)) + "\n" for _ in range(flows))
        self.spool.add(make_batch(1_795_521_600_000 + 60_000 * minute, flows, lines.encode()))


@pytest.fixture
def customer(gateway, request):
    return gateway.stores.accounts.add_customer(request.node.name)


@pytest.fixture
def running(brief_edge, certificate, new_agent, customer, tmp_path):
    token = new_agent(customer).token
    return Running(brief_edge, certificate.certificate, token, tmp_path / "spool")


def test_an_agent_that_waits_keeps_its_intervals_continues_asking_and_sends_them_once_it_is_accepted(
    gateway, customer, running, caplog
):
    number = gateway.stores.items.add(customer, "srv-1", [], "")
    for minute in range(3):
        running.found(minute=minute)
    for _ in range(3):
        assert running.asking.step() == 1
        assert running.delivery.step() == 60
        running.clock.move(60)
    assert [settings.collect for settings in running.told] == [False]
    assert (len(running.spool), running.spool.dropped) == (3, 0)
    assert gateway.stores.records.count(customer) == 0
    sentence = "An administrator has not accepted this agent yet. Open the machine in the console to accept it."
    assert caplog.text.count(f"answers 403: {sentence} (machine_pending) 3 intervals are waiting.") == 1
    gateway.stores.agents.decide(customer, number, running.identity.agent_id, Standing.ACCEPTED)
    assert [running.delivery.step() for _ in range(4)] == [0, 0, 0, None]
    assert gateway.stores.records.count(customer) == 3
    assert not list((running.spool._directory / "refused").iterdir())


def test_what_waits_has_its_limit_and_the_oldest_go_first(gateway, customer, running):
    number = gateway.stores.items.add(customer, "srv-1", [], "")
    running.asking.step()
    for minute in range(INTERVALS_MAX + 2):
        running.found(minute=minute, flows=0)
    assert running.delivery.step() == 60
    assert (len(running.spool), running.spool.dropped) == (INTERVALS_MAX, 2)
    gateway.stores.agents.decide(customer, number, running.identity.agent_id, Standing.ACCEPTED)
    running.clock.move(60)
    assert running.delivery.step() == 0
    assert gateway.stores.agents.find(customer, running.identity.agent_id).dropped == 2


def test_a_token_of_the_wrong_kind_stops_the_agent_which_says_why_and_keeps_everything(
    gateway, customer, running, new_client, caplog
):
    good, running.token = running.token, new_client().token
    running.found(minute=0)
    assert running.asking.step() > 0
    assert running.delivery.step() == 60
    assert "This call needs a token of kind agent, not one for flow logs." in caplog.text
    assert "(wrong_token_kind)" in caplog.text
    assert (running.told, len(running.spool)) == ([], 1)
    running.token = good
    assert running.asking.step() == 1
    assert len(running.told) == 1
    assert gateway.stores.agents.find(customer, running.identity.agent_id) is not None


def test_an_agent_says_at_its_start_that_it_collects_nothing(running, caplog):
    caplog.set_level(logging.INFO)
    running.asking.step()
    Collector(lambda: pytest.fail("it looks"), running.spool, running.clock, "srv-1").apply(running.told[0])
    assert "Nothing is being collected: this agent is not accepted in the console yet" in caplog.text
