"""What everybody must be able to read and to reach, on every page, in light and in dark."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from gateway.stores.server_traffic import Answer
from gateway.stores.tokens import TokenKind
from shared.flowlog.record import Source
from tests.gateway.browser.looks import faults
from tests.gateway.console.setup.configured import ID
from tests.gateway.console.setup.registered import registration

PAGES = [
    "/setup/tokens",
    "/setup/flow-logs",
    "/setup/flow-logs/new",
    "/setup/flow-logs/azure-production",
    "/setup/flow-logs/azure-production/edit",
    "/setup/registrations",
    "/setup/audit-log",
    "/setup/items",
    "/setup/items?name=nothing",
    "/setup/items/new",
    "/setup/items/{item}",
    "/setup/attributes",
    "/setup/attributes/{item}",
    "/setup/blueprints",
    "/setup/blueprints/new",
    "/setup/users",
    "/setup/retention",
    "/setup/storage",
    "/account",
]


@pytest.fixture
def filled(gateway, customer, clock):
    """A customer with something to show on each page."""
    stores, now = gateway.stores, clock.now()
    for _ in range(3):
        _, token = stores.tokens.add(customer, now, timedelta(days=1), "Production", "ada")
    stores.tokens.revoke(customer, token.number, now)
    stores.tokens.add(customer, now - timedelta(days=2), timedelta(days=1), "Trial", "ada")
    stores.tokens.add(customer, now, timedelta(days=1), "Old", "ada", kind=TokenKind.UNRESTRICTED)
    account = NewStorageAccount(StorageAccount("flowlogsone", "eastus"), "secret")
    stores.deployments.add(customer, "azure-production", ID, [account], now)
    stores.records.refuse(customer, "flowlogsone", now, 413, "The body is too large.")
    for subscription in (ID, ID.replace("0b", "1c")):
        stores.registrations.put(customer, subscription, registration(), now)
    stores.registrations.end(customer, ID, "sluice-0a1b2c3d", now)
    identity = AgentIdentity(ID, "web-1", "Linux 6.1 x86_64", "1.0", tuple(f"fd00::{last}" for last in range(1, 65)))
    item = stores.agents.register(customer, identity, now - timedelta(hours=1)).item
    for number, standing in enumerate((Standing.ACCEPTED, Standing.REFUSED, None)):
        agent = ID.replace("0b", f"{number}c")
        stores.agents.register(customer, replace(identity, id=agent), now, "192.0.2.7")
        if standing is not None:
            stores.agents.decide(customer, item, agent, standing)
    stores.agents.note_delivery(customer, ID, timedelta(hours=1), 3)
    stores.blueprints.put(customer, NewBlueprint("Minute", "Every minute.", 60, "<blueprint/>"), now)
    for answer in (Answer(now, 200, 3), Answer(now, 200, 3, "1 left out"), Answer(now, 413, None, "It is too large.")):
        stores.server_traffic.add(item, answer)
    stores.retention.set(customer, {Source.NSG: 30})
    for search in ("host:web-1", "colour:red", ""):
        hold = stores.holds.add(customer, search, now, now + timedelta(days=1), "A claim", "ada", now)
    stores.holds.lift(customer, hold, now)
    return item


def in_both_schemes(page):
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += faults(page)
    return found


def test_every_text_stands_out_from_its_ground_and_every_field_has_a_name(visit, sign_in, filled):
    visit.expect(422)
    page = sign_in(visit, "/account")
    for address in PAGES:
        visit.open(address.format(item=filled))
        assert in_both_schemes(page) == [], address
    visit.open("/setup/flow-logs/new")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert in_both_schemes(page) == []


def test_the_sign_in_page_is_readable_in_both_schemes(visit):
    visit.open("/sign-in")
    assert in_both_schemes(visit.page) == []


@pytest.mark.usefixtures("filled")
def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit, sign_in):
    page = sign_in(visit, "/setup/tokens")
    # Of radio buttons Tab reaches the chosen one, and arrow keys the others.
    stops = "a, button, input:not([type=hidden]):not([type=radio]:not(:checked)), textarea, [tabindex=\\'0\\']"
    wanted = page.evaluate(f"[...document.querySelectorAll('{stops}')].filter(each => each.checkVisibility()).length")
    reached = set()
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => {
                const here = document.activeElement;
                if (here === document.body) return null;
                const style = getComputedStyle(here);
                return [[...document.querySelectorAll("*")].indexOf(here), style.outlineStyle, style.outlineWidth];
            }"""
        )
        if where is not None:
            assert where[1:] == ["solid", "2px"], page.evaluate("document.activeElement.outerHTML")
            reached.add(where[0])
    assert len(reached) == wanted
