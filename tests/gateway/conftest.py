import os
from datetime import timedelta
from itertools import count
from queue import SimpleQueue

import pytest

from dev.gateway.local import run_edge_in_thread, run_in_thread
from gateway.stores.agents import Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.tokens import TokenKind
from tests.gateway.client import AgentClient, Client
from tests.support.terminal import Terminal
from tests.support.time import StillClock

_names = (f"customer-{number}" for number in count())


@pytest.fixture(scope="session")
def clock():
    """The time of the shared gateway; it goes forward only."""
    return StillClock()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, clock):
    """One gateway for all tests; what keeps them apart is a customer each."""
    folder = tmp_path_factory.mktemp("gateway")
    package = folder / "function.zip"
    package.write_bytes(b"takes the place of the function app's package")
    with run_in_thread(folder / "data", clock=clock.now, package=package) as running:
        yield running


@pytest.fixture(autouse=True)
def _umask():
    """The command line changes it for its process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def new_client(gateway, clock):
    """Gives a client of a new customer, with a subscription token for 30 days, at each call."""

    def make():
        customer = gateway.stores.accounts.add_customer(next(_names))
        token, _ = gateway.stores.tokens.add(customer, clock.now(), timedelta(days=30))
        return Client(gateway.url, token, customer)

    return make


@pytest.fixture
def client(new_client):
    """A client of a customer of its own."""
    return new_client()


@pytest.fixture(scope="session")
def edge_log():
    """The edge's request log, entry by entry."""
    return SimpleQueue()


@pytest.fixture(scope="session")
def edge(gateway, certificate, clock, edge_log):
    """The address of the edge of the shared gateway."""
    with run_edge_in_thread(
        gateway.stores, certificate.certificate, certificate.key, sink=edge_log.put, clock=clock.now
    ) as url:
        yield url


@pytest.fixture
def new_agent(gateway, edge, certificate, clock, new_client):
    """Gives an agent of a new customer, or of one that is given, at each call."""

    def make(customer=None, host="web-1", url=edge):
        if customer is None:
            customer = new_client().customer
        life = timedelta(days=30)
        token, _ = gateway.stores.tokens.add(customer, clock.now(), life, "Agents", kind=TokenKind.AGENT)
        return AgentClient(url, token, customer, str(certificate.certificate), host)

    return make


@pytest.fixture
def typing(monkeypatch):
    """Lets somebody at a terminal type a line."""
    return lambda line: monkeypatch.setattr("sys.stdin", Terminal(f"{line}\n"))


@pytest.fixture
def accept(gateway):
    """Has an agent ask, and accepts it; gives the agent."""

    def decide(agent):
        assert agent.ask().status_code == 200
        item = gateway.stores.agents.find(agent.customer, agent.id).item
        assert gateway.stores.agents.decide(agent.customer, item, agent.id, Standing.ACCEPTED) is not None
        return agent

    return decide


@pytest.fixture
def apply(gateway, clock):
    """Applies a blueprint of a minute to a machine, and gives the blueprint's number."""

    def save(customer, item):
        blueprint = gateway.stores.blueprints.put(customer, NewBlueprint("Minute", "Each minute.", 60, ""), clock.now())
        gateway.stores.items.save(customer, item, [blueprint], [], clock.now())
        return blueprint

    return save


@pytest.fixture
def agent(new_agent):
    """An agent of a customer of its own."""
    return new_agent()
