"""What a stranger, a colleague of another customer, or a record made to harm may try at every page."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from gateway.console.routes import Routes
from gateway.limits import DEFAULT_LIMITS
from gateway.signing_in import SigningIn
from gateway.site import Site
from gateway.slots import Slots
from gateway.stores.agents import AgentIdentity
from gateway.stores.audit_log import Action, Actor
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.server_traffic import Answer
from tests.gateway.client import ndjson, record
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person
from tests.gateway.console.setup.configured import configuration
from tests.gateway.console.setup.registered import PATH, registration

SCRIPT = "<script>alert('planted')</script>\"'><img src=x onerror=alert(1)>{{ 'plan' ~ 'ted-2' }}"
PAGES = [
    "/account",
    "/setup/tokens",
    "/setup/flow-logs",
    "/setup/registrations",
    "/setup/audit-log",
    "/setup/items",
    "/setup/attributes",
    "/setup/blueprints",
    "/setup/users",
    "/setup/retention",
    "/setup/storage",
]
MACHINE = ["/setup/items/{item}", "/setup/attributes/{item}"]
SHOWING = [
    *PAGES,
    *MACHINE,
    "/setup/flow-logs/azure-production",
    "/",
    "/traffic",
    "/top",
    "/rules",
    "/exposed",
    "/timeline",
    "/conversations",
]


def assert_harmless(page):
    """The script may stand in the page, as text."""
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "planted-2" not in page.text


@pytest.mark.parametrize("path", SHOWING)
def test_a_script_that_is_stored_anywhere_is_text_everywhere(gateway, team, machine, clock, path):
    accounts = gateway.stores.accounts
    name = f"{SCRIPT}{path}{clock.now().timestamp()}"
    accounts.add_user(name, team.customer, PASSWORD)
    person = Person(gateway.url)
    assert person.sign_in(name, PASSWORD).status_code == 303
    ends = (clock.now() + timedelta(days=1)).date().isoformat()
    assert_harmless(person.send("/setup/tokens", {"kind": "ingest", "purpose": SCRIPT, "ends": ends}))
    machine.call("PUT", PATH, json=registration(deployment=SCRIPT, regions=[dict.fromkeys(REGION, SCRIPT)]))
    gateway.stores.audit_log.add(Actor(team.customer, SCRIPT), clock.now(), Action.SIGNED_IN, SCRIPT)
    log = {"Flow-Log": quote(f"flowlogsone/container/{SCRIPT}")}
    now = int(clock.now().timestamp() * 1000)
    hostile = record(
        rule=SCRIPT, resource_id=SCRIPT, time=now - 1000, dst_ip="10.0.0.4", src_ip="8.8.8.8", direction="inbound"
    )
    assert machine.post(ndjson(hostile), headers=log).json()["accepted"] == 1
    assert person.send("/setup/flow-logs/new", configuration("flowlogsone")).status_code == 303
    day = clock.now().date().isoformat()
    hold = {"search": f'rule:"{SCRIPT.replace(chr(34), 2 * chr(34))}"', "first": day, "last": day, "reason": SCRIPT}
    assert person.send("/setup/retention/holds", hold).status_code == 303
    page = person.get(path.format(item=hostile_machine(gateway.stores, team.customer, clock.now())))
    assert page.status_code == 200
    # On each page as the visitor's name, and on some as what they show.
    told_besides = path in {"/setup/tokens", "/setup/registrations", "/setup/audit-log", "/rules", *MACHINE}
    told_besides |= path in {
        "/setup/items",
        "/setup/attributes",
        "/setup/blueprints",
        "/setup/users",
        "/setup/retention",
    }
    assert page.text.count("&lt;script&gt;alert") > told_besides
    assert_harmless(page)


def hostile_machine(stores, customer, now):
    """A machine whose agent says nothing but scripts, with what is applied to it; give its number."""
    identity = AgentIdentity("0b1f6471-1bf0-4dda-aec3-cb9272f09590", SCRIPT, SCRIPT, SCRIPT, ())
    item = stores.agents.register(customer, identity, now).item
    blueprint = stores.blueprints.put(customer, NewBlueprint(SCRIPT, SCRIPT, 60, SCRIPT), now)
    stores.items.save(customer, item, [blueprint], [], now)
    stores.server_traffic.add(item, Answer(now, 400, None, SCRIPT))
    return item


REGION = ("location", "storageAccount", "functionApp")


@pytest.mark.parametrize("field", ["name", "subscription_id", "account-1", "region-1", "secret-1"])
def test_a_script_in_a_field_comes_back_as_text(administrator, field):
    page = administrator.send("/setup/flow-logs/new", configuration("flowlogsone") | {field: SCRIPT})
    assert page.status_code == 422
    assert_harmless(page)


def test_a_script_at_signing_in_and_in_addresses_comes_back_as_text(nobody, administrator):
    assert_harmless(nobody.sign_in(SCRIPT, "x", next=SCRIPT))
    for address in ("/nowhere/", "/setup/flow-logs/", "/setup/flow-logs?saved=", "/setup/tokens?revoked=", "/static/"):
        assert_harmless(administrator.get(address + SCRIPT))


@pytest.mark.parametrize("text", ["a\r\nSet-Cookie: planted=1", "a\nX-Planted: 1"])
def test_no_header_is_planted_by_a_line_end(administrator, nobody, text):
    answers = [
        administrator.get("/setup/flow-logs", params={"saved": text}),
        administrator.get("/setup/flow-logs/" + text.replace("\r", "%0d").replace("\n", "%0a")),
        administrator.send("/setup/flow-logs/new", configuration("flowlogsone", name=f"azure-{text}")),
        nobody.get("/setup/audit-log", params={"before": text}),
        nobody.sign_in("x", "y", next=f"/{text}"),
    ]
    for answer in answers:
        assert "X-Planted" not in answer.headers
        assert "planted" not in answer.headers.get("Set-Cookie", "")


@pytest.fixture
def addresses(gateway, clock):
    """Every address of the console with its methods, as it was put together, apart from what is for everybody."""
    signing_in = SigningIn(gateway.stores, clock.now)
    console = Routes(gateway.stores, Site(gateway.url), signing_in, DEFAULT_LIMITS, clock.now, Slots(1, 1), None)
    open_to_all = {"/sign-in", "/static/{name:path}"}
    return [
        (method, re.sub(r"\{[^}]+\}", "1", route.path))
        for route in console.all
        for method in sorted(route.methods)
        if route.path not in open_to_all
    ]


def test_nothing_is_done_or_shown_without_a_session(nobody, addresses):
    assert len(addresses) > 20
    for method, path in addresses:
        answer = nobody.session.request(
            method, nobody.url + path, data={"csrf": "x"}, allow_redirects=False, timeout=20
        )
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/sign-in"), path
        assert answer.content == b"", path


def test_every_form_needs_its_token(administrator, addresses):
    forms = [path for method, path in addresses if method == "POST"]
    assert len(forms) > 5
    for path in forms:
        assert administrator.post(path).status_code == 403, path
        assert administrator.post(path, {"csrf": "x"}).status_code == 403, path


def test_a_reader_can_send_no_form_but_those_about_oneself(reader, addresses):
    csrf = reader.csrf
    forms = {path for method, path in addresses if method == "POST"} - {"/account", "/sign-out"}
    assert {reader.post(path, {"csrf": csrf}).status_code for path in forms} == {403}


def test_another_customers_machines_are_not_there(gateway, new_team, clock):
    one, other = new_team(), new_team()
    item = hostile_machine(gateway.stores, one.customer, clock.now())
    (blueprint,) = gateway.stores.blueprints.all(one.customer)
    person = other.administrator
    for address in (
        f"/setup/items/{item}",
        f"/setup/attributes/{item}",
        f"/setup/blueprints/{blueprint.number}/export",
    ):
        assert person.get(address).status_code == 404
        assert one.reader.get(address).status_code == 200
    for address in (f"items/{item}", f"items/{item}/remove", f"blueprints/{blueprint.number}/remove"):
        assert person.send(f"/setup/{address}", {"listed": str(blueprint.number)}).status_code == 404
    own = gateway.stores.items.add(other.customer, "web-1", [], "")
    form = {"listed": str(blueprint.number), "applied": str(blueprint.number)}
    assert person.send(f"/setup/items/{own}", form).status_code == 303
    assert gateway.stores.blueprints.applied(own) == set()
    assert gateway.stores.blueprints.applied(item) == {blueprint.number}
    assert "planted" not in person.get(f"/setup/items?saved={item}").text


@pytest.mark.parametrize("field", ["name", "addresses", "system"])
def test_a_script_in_a_machines_field_comes_back_as_text(administrator, field):
    form = {"name": "", "addresses": "x", "system": ""} | {field: SCRIPT}
    page = administrator.send("/setup/items/new", form)
    assert page.status_code == 422
    assert_harmless(page)


@pytest.mark.parametrize("field", ["search", "first", "last", "reason", "nsg"])
def test_a_script_in_a_field_of_the_retention_comes_back_as_text(administrator, field):
    page = administrator.send(f"/setup/retention{'' if field == 'nsg' else '/holds'}", {field: SCRIPT})
    assert page.status_code == 422
    assert "&lt;script&gt;alert" in page.text
    assert_harmless(page)


def test_a_script_in_a_filter_or_a_blueprint_comes_back_as_text(gateway, team, administrator, clock):
    item = hostile_machine(gateway.stores, team.customer, clock.now())
    for address in (
        "items?name=",
        "items?saved=",
        f"items/{item}?blueprint=",
        "attributes?item=",
        "blueprints?imported=",
    ):
        assert_harmless(administrator.get(f"/setup/{address}{quote(SCRIPT)}"))
    for xml in (f"<x>{SCRIPT}</x>", SCRIPT, '<blueprint version="1"><name>' + SCRIPT):
        page = administrator.send("/setup/blueprints", {"blueprint": xml})
        assert page.status_code == 422
        assert_harmless(page)


def test_another_customers_things_are_not_there(gateway, new_team, clock):
    one, other = new_team(), new_team()
    assert one.administrator.send("/setup/flow-logs/new", configuration("flowlogsone")).status_code == 303
    _, token = gateway.stores.tokens.add(one.customer, clock.now(), timedelta(days=1), "planted")
    gateway.stores.registrations.put(one.customer, PATH.rsplit("/", 1)[1], registration(), clock.now())
    person = other.administrator
    assert person.get("/setup/flow-logs/azure-production").status_code == 404
    assert person.get("/setup/flow-logs/azure-production/edit").status_code == 404
    for address in ("edit", "remove", "scripts"):
        form = configuration("flowlogsone")
        assert person.send(f"/setup/flow-logs/azure-production/{address}", form).status_code == 404
    assert person.send(f"/setup/tokens/{token.number}/revoke").status_code == 404
    for path in PAGES:
        page = person.get(path).text
        assert "azure-production" not in page
        assert "planted" not in page
        assert "sluice-0a1b2c3d" not in page
    assert one.reader.get("/setup/flow-logs/azure-production").status_code == 200
    assert gateway.stores.tokens.all(one.customer)[0].revoked_at is None


def test_the_same_name_may_be_two_customers(new_team):
    one, other = new_team(), new_team()
    for team, account in ((one, "flowlogsone"), (other, "flowlogstwo")):
        assert team.administrator.send("/setup/flow-logs/new", configuration(account)).status_code == 303
    assert other.administrator.send("/setup/flow-logs/azure-production/remove").status_code == 303
    assert "flowlogsone" in one.reader.get("/setup/flow-logs/azure-production").text


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3", "9" * 30, "1%20OR%201=1"])
def test_a_token_that_cannot_be_is_not_there(administrator, number):
    assert administrator.send(f"/setup/tokens/{number}/revoke").status_code == 404
