import pytest

from dev.gateway.local import run_edge_in_thread
from gateway.limits import Limits
from gateway.stores.agents import Standing
from gateway.stores.blueprints import NewBlueprint


@pytest.fixture(scope="session")
def brief_edge(gateway, certificate, clock):
    """The same, where nobody waits for long, and little is taken."""
    limits = Limits(poll_seconds=0.05, body_bytes=2000, body_seconds=0.3)
    with run_edge_in_thread(
        gateway.stores, certificate.certificate, certificate.key, clock=clock.now, limits=limits
    ) as url:
        yield url


@pytest.fixture
def item(gateway):
    """Gives the machine of an agent that has asked."""

    def find(agent):
        return gateway.stores.agents.find(agent.customer, agent.id).item

    return find


@pytest.fixture
def apply(gateway, item, clock):
    """Accepts an agent that has asked, and applies a blueprint of an interval to its machine; gives its number."""

    def put(agent, seconds=60, name="Minute"):
        blueprint = NewBlueprint(name, "", seconds, "<blueprint/>")
        number = gateway.stores.blueprints.put(agent.customer, blueprint, clock.now())
        gateway.stores.items.save(agent.customer, item(agent), [number], [], clock.now())
        gateway.stores.agents.decide(agent.customer, item(agent), agent.id, Standing.ACCEPTED)
        return number

    return put
