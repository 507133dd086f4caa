import random
from datetime import timedelta
from itertools import count

import pytest

from gateway.clock import to_ms
from gateway.stores.accounts import Role
from gateway.stores.agents import AgentIdentity, Standing
from tests.gateway.client import Client, deliver
from tests.gateway.console.person import Person, Team
from tests.gateway.contract.made_up import made_up
from tests.gateway.contract.marked import marked

_numbers = count()
PASSWORD = "a password of tests"


@pytest.fixture
def nobody(gateway):
    """Somebody who has not signed in."""
    return Person(gateway.url)


@pytest.fixture
def new_user(gateway):
    """Adds a user with the tests' password at each call, and gives the name."""

    def add(customer, role=Role.ADMINISTRATOR, *, one_time=False):
        name = f"user-{next(_numbers)}"
        gateway.stores.accounts.add_user(name, customer, PASSWORD, role, one_time=one_time)
        return name

    return add


@pytest.fixture
def new_team(gateway, new_user):
    """Gives a new customer's people at each call."""

    def make():
        customer = gateway.stores.accounts.add_customer(f"team-{next(_numbers)}")
        people = []
        for role in (Role.ADMINISTRATOR, Role.READER):
            person = Person(gateway.url)
            assert person.sign_in(new_user(customer, role), PASSWORD).status_code == 303
            people.append(person)
        return Team(customer, *people)

    return make


@pytest.fixture
def team(new_team):
    """A customer's people."""
    return new_team()


@pytest.fixture
def administrator(team):
    return team.administrator


@pytest.fixture
def reader(team):
    return team.reader


@pytest.fixture
def collecting(gateway, apply, clock):
    """Adds a machine that collects, with an agent that has just polled, at each call, and gives its number."""

    def add(customer, name):
        identity = AgentIdentity(f"agent-of-{name}", name, "Linux", "1.0", ())
        item = gateway.stores.agents.register(customer, identity, clock.now()).item
        gateway.stores.agents.decide(customer, item, identity.id, Standing.ACCEPTED)
        apply(customer, item)
        return item

    return add


@pytest.fixture
def machine(gateway, team, clock):
    """Terraform and the function app of the team's customer, as far as the gateway can tell."""
    token, _ = gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=1), "Production", "ada")
    return Client(gateway.url, token, team.customer)


@pytest.fixture
def post(gateway, clock):
    """Brings a team flow records, of logs and of agents."""

    def send(team, *records):
        deliver(gateway, team.customer, clock.now(), f"key-{next(_numbers)}", records)

    return send


@pytest.fixture
def posted(team, post, clock):
    """The records of a team: made up, of the last three hours, in two posts."""
    chance, end = random.Random(11), to_ms(clock.now())
    records = [made_up(chance) | {"time": end - chance.randrange(3 * 3_600_000)} for _ in range(230)]
    post(team, *records[:200])
    post(team, *records[200:])
    return marked(records)
