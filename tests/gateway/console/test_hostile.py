"""What a stranger, a colleague of another customer, or a record made to harm may try at every page."""

import html
from datetime import timedelta

import pytest

from gateway.stores.journal import Deed
from tests.gateway.console.configured import configuration
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person
from tests.gateway.console.registered import PATH, registration

SCRIPT = "<script>alert('planted')</script>\"'><img src=x onerror=alert(1)>{{ 'plan' ~ 'ted-2' }}"
PAGES = ["/account", "/setup/tokens", "/setup/flow-logs", "/setup/registrations", "/setup/journal"]


def assert_harmless(page):
    """The script may stand in the page, as text."""
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "planted-2" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_script_that_is_stored_anywhere_is_text_everywhere(gateway, team, machine, clock, path):
    accounts = gateway.stores.accounts
    name = f"{SCRIPT}{path}{clock.now().timestamp()}"
    accounts.add_user(name, team.customer, PASSWORD)
    person = Person(gateway.url)
    assert person.sign_in(name, PASSWORD).status_code == 303
    ends = (clock.now() + timedelta(days=1)).date().isoformat()
    assert_harmless(person.send("/setup/tokens", {"purpose": SCRIPT, "ends": ends}))
    machine.call("PUT", PATH, json=registration(deployment=SCRIPT, regions=[dict.fromkeys(REGION, SCRIPT)]))
    gateway.stores.journal.add(team.customer, clock.now(), SCRIPT, Deed.SIGNED_IN, SCRIPT)
    page = person.get(path)
    assert page.status_code == 200
    assert html.escape(SCRIPT, quote=False).split("&")[1] in page.text
    assert_harmless(page)


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
        nobody.get("/setup/journal", params={"before": text}),
        nobody.sign_in("x", "y", next=f"/{text}"),
    ]
    for answer in answers:
        assert "X-Planted" not in answer.headers
        assert "planted" not in answer.headers.get("Set-Cookie", "")


WITHOUT_A_SESSION = [
    ("GET", path)
    for path in [*PAGES, "/setup/flow-logs/new", "/setup/flow-logs/azure-x", "/setup/flow-logs/azure-x/edit"]
] + [
    ("POST", path)
    for path in [
        "/account",
        "/sign-out",
        "/setup/tokens",
        "/setup/tokens/1/revoke",
        "/setup/flow-logs/new",
        "/setup/flow-logs/azure-x/edit",
        "/setup/flow-logs/azure-x/remove",
        "/setup/flow-logs/azure-x/scripts",
    ]
]


@pytest.mark.parametrize(("method", "path"), WITHOUT_A_SESSION)
def test_nothing_is_done_or_shown_without_a_session(nobody, method, path):
    answer = nobody.get(path) if method == "GET" else nobody.post(path, {"csrf": "x"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")
    assert answer.content == b""


@pytest.mark.parametrize("path", [path for method, path in WITHOUT_A_SESSION if method == "POST"])
def test_every_form_needs_its_token(administrator, path):
    assert administrator.post(path).status_code == 403
    assert administrator.post(path, {"csrf": "x"}).status_code == 403


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
