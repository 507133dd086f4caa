"""Who may do what: every call of the console with every role, and without any."""

import re

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway.console.access import Access
from gateway.console.csrf import FormTokens
from gateway.console.routes import Routes
from gateway.console.visitor import Visitor
from gateway.limits import DEFAULT_LIMITS
from gateway.signing_in import SigningIn
from gateway.site import Site
from gateway.slots import Slots
from gateway.stores.accounts import Role, User
from tests.gateway.console.conftest import PASSWORD
from tests.gateway.console.person import Person, text_of

EVERYBODY = {"GET /sign-in", "POST /sign-in", "GET /static/{name:path}"}
ADMINISTRATORS = {
    "GET /setup/users",
    "POST /setup/users",
    "POST /setup/users/{number}/role",
    "POST /setup/users/{number}/password",
    "POST /setup/users/{number}/remove",
    "POST /setup/tokens",
    "POST /setup/tokens/{number}/revoke",
    "GET /setup/flow-logs/new",
    "POST /setup/flow-logs/new",
    "GET /setup/flow-logs/{name}/edit",
    "POST /setup/flow-logs/{name}/edit",
    "POST /setup/flow-logs/{name}/remove",
    "POST /setup/flow-logs/{name}/scripts",
    "GET /setup/items/new",
    "POST /setup/items/new",
    "POST /setup/items/{number}",
    "POST /setup/items/{number}/remove",
    "POST /setup/items/{number}/agents/{agent}/accept",
    "POST /setup/items/{number}/agents/{agent}/refuse",
    "POST /setup/blueprints",
    "GET /setup/blueprints/new",
    "POST /setup/blueprints/new",
    "GET /setup/blueprints/{number}/edit",
    "POST /setup/blueprints/{number}/edit",
    "POST /setup/blueprints/{number}/remove",
    "POST /setup/retention",
    "POST /setup/registrations/{key}/end",
    "POST /setup/retention/holds",
    "POST /setup/retention/holds/{number}/lift",
}
READERS = {
    "POST /sign-out",
    "GET /account",
    "POST /account",
    "GET /",
    "GET /traffic",
    "GET /traffic/export.{suffix}",
    "GET /traffic/record",
    "GET /conversations",
    "GET /timeline",
    "GET /top",
    "GET /rules",
    "GET /exposed",
    "GET /help",
    "GET /help/{name}",
    "GET /help/diagrams/{name}",
    "GET /setup/journal",
    "GET /setup/audit-log",
    "GET /setup/audit-log/export.{suffix}",
    "GET /setup/tokens",
    "GET /setup/flow-logs",
    "GET /setup/flow-logs/{name}",
    "GET /setup/registrations",
    "GET /setup/items",
    "GET /setup/items/{number}",
    "GET /setup/attributes",
    "GET /setup/attributes/{number}",
    "GET /setup/blueprints",
    "GET /setup/blueprints/shipped",
    "GET /setup/blueprints/{number}/export",
    "GET /setup/retention",
    "GET /setup/storage",
}


@pytest.fixture
def calls(gateway, clock):
    """Every call of the console."""
    signing_in = SigningIn(gateway.stores, clock.now)
    routes = Routes(gateway.stores, Site(gateway.url), signing_in, DEFAULT_LIMITS, clock.now, Slots(1, 1), None)
    return {f"{method} {route.path}" for route in routes.all for method in route.methods - {"HEAD"}}


@pytest.fixture
def person(gateway, team, new_user):
    """Gives somebody of the team with a role, signed in."""

    def sign_in(role):
        one = Person(gateway.url)
        assert one.sign_in(new_user(team.customer, role), PASSWORD).status_code == 303
        return one

    return sign_in


def asked(someone, call, csrf):
    method, path = call.split()
    address = someone.url + re.sub(r"\{[^}]+\}", "999", path)
    return someone.session.request(method, address, data={"csrf": csrf}, allow_redirects=False, timeout=20)


def test_every_call_is_named_here_with_who_may_make_it(calls):
    assert calls == EVERYBODY | READERS | ADMINISTRATORS


def test_nobody_makes_a_call_without_a_session(nobody):
    for call in READERS | ADMINISTRATORS:
        answer = asked(nobody, call, "x")
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in"), call


@pytest.mark.parametrize("role", list(Role))
def test_each_role_makes_the_calls_that_are_its_own_and_no_others(person, role):
    one = person(role)
    csrf = one.csrf
    refused = {call for call in ADMINISTRATORS if asked(one, call, csrf).status_code == 403}
    assert refused == (set() if role is Role.ADMINISTRATOR else ADMINISTRATORS)
    # Signing out is last: after it nobody is asked any more.
    for call in [*sorted(READERS - {"POST /sign-out"}), "POST /sign-out"]:
        answer = asked(one, call, csrf)
        assert answer.status_code != 403, call
        assert answer.headers.get("Location", "").partition("?")[0] != "/sign-in" or call == "POST /sign-out", call


def test_who_may_not_is_told_whom_to_ask(person):
    page = person(Role.ANALYST).get("/setup/flow-logs/new")
    assert "Your role is analyst. Only administrators can do this: ask one of them." in text_of(page)


@pytest.mark.parametrize(("role", "may"), [(Role.READER, False), (Role.ANALYST, True), (Role.ADMINISTRATOR, True)])
def test_what_is_for_analysts_is_for_administrators_too(gateway, clock, monkeypatch, role, may):
    access = Access(
        gateway.stores.sessions, FormTokens(b"key"), Site(gateway.url), DEFAULT_LIMITS, clock.now, "gateway"
    )

    async def visitor(_request):
        return Visitor(User(1, 1, "ada", role, needs_new_password=False), "csrf")

    async def handler(_request, _visitor):
        return Response("done")

    monkeypatch.setattr(access, "visitor", visitor)

    async def call():
        return await access.analyst(handler)(Request({"type": "http", "method": "GET", "path": "/", "headers": []}))

    if may:
        assert anyio.run(call).body == b"done"
    else:
        with pytest.raises(Exception, match="Only analysts and administrators can do this"):
            anyio.run(call)
