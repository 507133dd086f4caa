"""However many rows there are, a page shows so many, and says how many more there are."""

from datetime import timedelta

import pytest

from gateway.clock import to_ms
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from tests.gateway.client import record
from tests.gateway.console.person import text_of
from tests.gateway.console.setup.registered import ID, registration


@pytest.fixture
def many(team, post, clock):
    """Brings records that differ in a value, three hundred of them."""

    def bring(**values):
        at = to_ms(clock.now()) - 1000
        lines = [record(time=at, **{key: make(number) for key, make in values.items()}) for number in range(300)]
        post(team, *lines)

    return bring


def test_exposed_ports(team, many):
    many(
        dst_port=lambda number: 1000 + number,
        src_ip=lambda _number: "13.107.21.200",
        dst_ip=lambda _number: "10.0.0.4",
        direction=lambda _number: "inbound",
    )
    page = team.reader.get("/exposed")
    assert page.text.count('<th scope="row">tcp 1') == 200
    assert "and 100 other ports" in text_of(page)


def test_rules(team, many):
    many(rule=lambda number: f"rule {number:03}")
    page = team.reader.get("/rules")
    assert page.text.count('<th scope="row">rule ') == 200
    assert "and 100 other rules" in text_of(page)


def test_registrations_and_their_regions(gateway, team, clock):
    content = registration() | {"regions": [{"location": "eastus", "storageAccount": "a", "functionApp": "f"}] * 25}
    for number in range(201):
        gateway.stores.registrations.put(
            team.customer, f"{number:08}-2222-4222-8222-222222222222", content, clock.now()
        )
    page = team.reader.get("/setup/registrations")
    assert page.text.count('<th scope="row"') == 200
    assert "and 1 other registration" in text_of(page)
    assert text_of(page).count("and 5 more") == 200


def test_tokens_those_that_are_good_first(gateway, team, clock):
    tokens = gateway.stores.tokens
    _, good = tokens.add(team.customer, clock.now(), timedelta(days=1), "the good one")
    for _ in range(205):
        tokens.add(team.customer, clock.now() - timedelta(days=2), timedelta(days=1), "an old one")
    page = team.administrator.get("/setup/tokens")
    assert f"/setup/tokens/{good.number}/revoke" in page.text
    assert "and 6 other tokens" in text_of(page)


def test_deployments(gateway, team, clock):
    for number in range(201):
        account = NewStorageAccount(StorageAccount(f"flowlogs{number}", "eastus"), "secret")
        gateway.stores.deployments.add(team.customer, f"azure-{number:03}", ID, [account], clock.now())
    page = team.reader.get("/setup/flow-logs")
    assert page.text.count('<th scope="row">') == 200
    assert "and 1 other deployment" in text_of(page)


def test_blueprints(gateway, team, clock):
    for number in range(201):
        blueprint = NewBlueprint(f"Every minute {number:03}", "Every minute.", 60, "<x/>")
        gateway.stores.blueprints.put(team.customer, blueprint, clock.now())
    page = team.reader.get("/setup/blueprints")
    assert page.text.count('<th scope="row">') == 200
    assert "and 1 other blueprint" in text_of(page)
